import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { eventSelection } from '../../config/event-selection.ts';
import { loadSettings, type SettingSources } from '../../config/index.ts';
import type { Severity } from '../../detect/detection.ts';
import { selectSignatures } from '../../detect/select-signatures.ts';
import { MemwardenError } from '../../errors.ts';
import { hintOr } from '../../files/file-refusal.ts';
import { openToRead } from '../../files/read-file.ts';
import { assertDescriptors, ownDescriptorLimit } from '../../service/descriptors.ts';
import { setDiagnostics } from '../../service/diagnostics.ts';
import { runUntilSignal } from '../../service/lifecycle.ts';
import { assertLinuxCapabilities, ownLinuxCapabilities } from '../../service/linux-capabilities.ts';
import type { RecordOutput } from '../../standard-streams/record-output.ts';
import { standardError } from '../../standard-streams/standard-error.ts';
import { StandardOutput } from '../../standard-streams/standard-output.ts';
import { SEVERITIES } from '../../telemetry/record/record.ts';
import type { Context } from '../context.ts';
import { reportUnusedVariables } from '../report-unused.ts';
import { addSettingFlags, settingSources } from '../setting-flags.ts';
import { listenForKeys } from '../tail/keys.ts';
import { Viewer } from '../tail/viewer.ts';

const EXAMPLES = `
Examples:
  sudo memwarden tail
  sudo memwarden tail --min-severity high --details
  sudo memwarden tail --signature TRC-1023,TRC-1024 --container 4f2a
  docker logs --follow memwarden | memwarden tail --from -

On a terminal: d switches details on and off, q ends.`;

interface TailOptions {
  readonly signature?: string;
  readonly minSeverity: string;
  readonly container?: string;
  readonly json?: true;
  readonly details?: true;
  readonly from?: string;
}

const SEVERITY_LEVELS: readonly Severity[] = [0, 1, 2, 3];
const SEVERITY_NAMES = SEVERITY_LEVELS.map(level => SEVERITIES[level][1].toLowerCase());

/** `memwarden tail`: a view of detections on a terminal. */
export function addTail(program: Command, { env, finish }: Context): void {
  addSettingFlags(program.command('tail'), 'detection', 'capture')
    .description('show detections as they come, one readable line each; nothing is sent or spooled')
    .option('--signature <names>', 'only these, by name, id or set, separated by commas')
    .addOption(
      new Option('--min-severity <name>', 'only this severity and higher')
        .choices(SEVERITY_NAMES)
        .default('info'),
    )
    .option('--container <id>', "only where the actor's or the target's container id starts with this")
    .option('--json', 'the records themselves, one JSON object a line')
    .option('--details', 'both sides, outcome and technique below each line')
    .option('--from <file>', 'show the records that a console exporter wrote, - for stdin; needs no root')
    .addHelpText('after', EXAMPLES)
    .action(async (options: TailOptions, command: Command) => {
      const events = options.signature === undefined ? undefined : eventsNamed(options.signature);
      const settings = loadSettings(tailSources(settingSources(command, env), events));
      setDiagnostics(settings.diagnostics.level);
      reportUnusedVariables(env, settings);
      const output = new StandardOutput();
      const viewer = new Viewer({
        filter: {
          events: events === undefined ? undefined : new Set(events),
          minimum: severityNamed(options.minSeverity),
          container: options.container,
        },
        json: options.json ?? false,
        details: options.details ?? false,
        output,
      });
      if (options.from !== undefined) {
        await showAll(options.from, viewer, output);
      } else {
        assertLinuxCapabilities(ownLinuxCapabilities());
        assertDescriptors(ownDescriptorLimit());
        const { startConfined } = await import('../../service/confinement/start-confined.ts');
        const { startService } = await import('../../service/run.ts');
        const restore = process.stdin.isTTY
          ? listenForKeys(process.stdin, () => viewer.toggleDetails())
          : undefined;
        try {
          finish(
            await runUntilSignal(() => startConfined(() => startService(settings, viewer.input), settings)),
          );
        } finally {
          restore?.();
        }
      }
      standardError.write(`${summary(viewer.counts)}\n`);
    });
}

/**
 * Shows the records of a file, until its end or until the reader of stdout has gone.
 * @throws MemwardenError RECORDING_INVALID, OUTPUT_FAILED
 */
async function showAll(file: string, viewer: Viewer, output: RecordOutput): Promise<void> {
  try {
    await pipeline(recordsOf(file), viewer);
  } catch (cause) {
    if (cause instanceof MemwardenError || !(cause instanceof Error)) throw cause;
    if (output.isReaderGone(cause)) return;
    throw new MemwardenError('OUTPUT_FAILED', `failed to write to stdout: ${cause.message}`, undefined, {
      cause,
    });
  }
}

/** @throws MemwardenError RECORDING_INVALID when the file cannot be read, also in its midst */
async function* recordsOf(file: string): AsyncGenerator<Buffer> {
  try {
    // the stream closes the file
    yield* file === '-' ? process.stdin : createReadStream(file, { fd: openToRead(file, false).file });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = hintOr(cause, 'name a file that a console exporter wrote, or - for stdin');
    throw new MemwardenError('RECORDING_INVALID', `failed to read ${file}: ${reason}`, hint, { cause });
  }
}

/** The flags of the command, and over them the settings that a view must have. */
function tailSources(sources: SettingSources, events: readonly string[] | undefined): SettingSources {
  const flags = [
    { key: 'telemetry.exporter', value: 'console', origin: 'memwarden tail' },
    { key: 'telemetry.pretty', value: false, origin: 'memwarden tail' },
    { key: 'health.enabled', value: false, origin: 'memwarden tail' },
    ...(events === undefined ? [] : [{ key: 'detect.events', value: events, origin: '--signature' }]),
  ];
  return { ...sources, flags: [...(sources.flags ?? []), ...flags] };
}

/** @throws MemwardenError CONFIG_INVALID */
function eventsNamed(text: string): readonly string[] {
  const names = eventSelection.parse(text);
  if (names === undefined) {
    throw new MemwardenError(
      'CONFIG_INVALID',
      `failed to select "${text}": allowed is ${eventSelection.allowed}`,
    );
  }
  return selectSignatures(names).map(({ definition }) => definition.eventName);
}

function severityNamed(name: string): Severity {
  return SEVERITY_LEVELS.find(level => SEVERITIES[level][1].toLowerCase() === name) ?? 0;
}

function summary({ shown, hidden, noRecord }: Viewer['counts']): string {
  const others = noRecord === 0 ? '' : `, ${noRecord} lines were no records`;
  return `${shown} shown, ${hidden} hidden by the filters${others}`;
}
