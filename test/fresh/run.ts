/**
 * `npm run test:fresh`: both scripts of the README in Debian systems that have nothing; README.md beside this file has the
 * options. Results are reported by node:test: one test per script and system.
 */
import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseArgs } from 'node:util';
import { cacheFolder } from '../vm/cache.ts';
import { FreshSystem } from './fresh-system.ts';
import { hostConfiguration } from './host-configuration.ts';
import { installedModules, installedPackages } from './installed.ts';
import { whyNotFresh } from './requirements.ts';
import { baseArchive, SYSTEMS, type System } from './systems.ts';

const HALVES = {
  demo: { command: 'scripts/demo.sh', limitMinutes: 15, check: checkDemonstration },
  test: { command: 'scripts/test.sh', limitMinutes: 90, check: checkTests },
} as const;
type Half = keyof typeof HALVES;

/** Lines of apt-get and dpkg about a single package. */
const PACKAGE_LINE =
  /^(Selecting previously|Preparing to unpack|Unpacking|Setting up|Processing triggers|update-alternatives|debconf|\(Reading)/;

interface Output {
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

const { values } = parseArgs({
  options: {
    system: { type: 'string', multiple: true, default: [...SYSTEMS] },
    half: { type: 'string', multiple: true, default: Object.keys(HALVES) },
  },
});
const systems = SYSTEMS.filter(name => values.system.includes(name));
const halves = Object.keys(HALVES).filter((name): name is Half => values.half.includes(name));
for (const [option, chosen, given, known] of [
  ['--system', systems, values.system, SYSTEMS],
  ['--half', halves, values.half, Object.keys(HALVES)],
] as const) {
  const unknown = given.find(name => !(chosen as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new Error(`failed to understand ${option} ${unknown}: it is none of ${known.join(', ')}`);
}

let current: FreshSystem | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await current?.end();
    process.exit(1);
  });
}

for (const system of systems) {
  for (const half of halves) {
    await test(`${HALVES[half].command} works on a ${system} that has nothing`, async t => {
      const reason = whyNotFresh();
      if (reason !== false) return t.skip(reason);
      const archive = archiveOrReason(system);
      if (archive instanceof Error) return t.skip(archive.message);
      t.diagnostic(await prove(system, half, archive));
    });
  }
}

function archiveOrReason(system: System): string | Error {
  console.log(`${system}: making a root file system`);
  try {
    return baseArchive(system);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** @returns the time and packages that it took */
async function prove(system: System, half: Half, archive: string): Promise<string> {
  const { command, limitMinutes, check } = HALVES[half];
  const configuration = hostConfiguration(system);
  const fresh = await FreshSystem.create(archive, configuration);
  current = fresh;
  const log = join(cacheFolder('fresh'), `${system}-${half}.log`);
  const file = createWriteStream(log);
  const limit = setTimeout(() => void fresh.end(), limitMinutes * 60_000);
  try {
    const before = installedPackages(fresh.root);
    const output = { stdout: [] as string[], stderr: [] as string[] };
    console.log(`${system}: ${command} (all that it prints is in ${log})`);
    const started = performance.now();
    const seconds = () => Math.round((performance.now() - started) / 1000);
    const status = await fresh.run([command], (line, from) => {
      const text = configuration.redact(line);
      const time = `${String(seconds()).padStart(5)} s`;
      output[from].push(text);
      file.write(`${time}  ${text}\n`);
      if (!PACKAGE_LINE.test(text)) console.log(`${system} ${time}  ${text}`);
    });
    const ending = `${command} ended with ${status} after ${seconds()} s of at most ${limitMinutes} min`;
    const last = [...output.stderr.slice(-20), ...output.stdout.slice(-20)].join('\n');
    assert.equal(status, 0, `${ending}:\n${last}`);
    check(output);
    assert.deepEqual(fresh.running(), [], 'processes are left');
    return describe(fresh, before, seconds(), output);
  } finally {
    clearTimeout(limit);
    file.end();
    await fresh.end();
    current = undefined;
  }
}

/** stdout has one record, of exactly the two processes that the demonstration has named. */
function checkDemonstration({ stdout, stderr }: Output): void {
  const named = /\(\$\$ is (\d+)\) opens the memory of its child sleep \(\$! is (\d+)\)/.exec(
    stderr.join('\n'),
  );
  const { attributes } = JSON.parse(stdout.join('\n'));
  assert.deepEqual(
    [attributes['security_rule.uuid'], attributes.pid, attributes.target_pid],
    ['TRC-1023', Number(named?.[1]), Number(named?.[2])],
  );
}

function checkTests({ stdout }: Output): void {
  assert.match(stdout.at(-1) ?? '', /^[1-9]\d* passed, 0 failed, \d+ skipped$/);
}

function describe(
  fresh: FreshSystem,
  before: ReadonlyMap<string, number>,
  seconds: number,
  { stdout }: Output,
): string {
  const added = [...installedPackages(fresh.root)].filter(([name]) => !before.has(name));
  const mebibytes = Math.round(added.reduce((sum, [, kibibytes]) => sum + kibibytes, 0) / 1024);
  const debian = `${added.length} Debian packages (${mebibytes} MiB)`;
  const brought = `${seconds} s from nothing, with ${debian} and ${installedModules(fresh.clone)} npm packages`;
  const lacking = new Set(stdout.flatMap(line => /^\s*\ufe63 .* # (needs .*)$/.exec(line)?.[1] ?? []));
  return [brought, ...lacking].join('; a test was skipped that ');
}
