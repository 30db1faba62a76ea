import { setTimeout as delay } from 'node:timers/promises';
import { Child } from './child.ts';
import { Receiver } from './receiver-process.ts';
import type { Report } from './report.ts';
import { BenchSidecar } from './sidecar.ts';
import { compiledPackage } from './start.ts';
import { readable } from './statistics.ts';
import { usageOf } from './usage.ts';

const SECONDS = 60;
/** Time after which the work of the start is over, ms. */
const SETTLE_MILLIS = 5_000;

/** Cost of the sidecar while nothing happens. */
export async function benchIdle(): Promise<Report> {
  compiledPackage();
  const receiver = await Receiver.start();
  const sidecar = await BenchSidecar.start(
    { OTEL_LOGS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint },
    'package',
  );
  const atReady = sidecar.usage();
  await delay(SETTLE_MILLIS);
  const before = sidecar.runNanoseconds();
  await delay(SECONDS * 1_000);
  const cpu = (sidecar.runNanoseconds() - before) / 1e9 / SECONDS;
  const { rssBytes, peakRssBytes } = sidecar.usage();
  const { executable, ringBuffer, otherFiles, own, proportional } = sidecar.residentParts();
  const acts = await sidecar.metric('memwarden_events_captured_total');
  await sidecar.stop();
  await receiver.stop();
  const megabytes = (bytes: number) => `${readable(bytes / 1e6)} MB`;
  return {
    tables: [
      {
        head: ['CPU', 'RSS', 'PSS', 'RSS when ready', 'RSS peak, at the start'],
        rows: [
          [
            `${readable(cpu * 100)} % of a core`,
            ...[rssBytes, proportional, atReady.rssBytes, peakRssBytes].map(megabytes),
          ],
        ],
      },
      {
        title: 'What the RSS is made of',
        head: ['Its own', 'Node.js, from its executable', 'Ring buffer', 'Libraries and other files'],
        rows: [[own, executable, ringBuffer, otherFiles].map(megabytes)],
      },
    ],
    targets: [
      {
        what: 'CPU over 60 s',
        target: '< 0.1 % of a core',
        measured: `${readable(cpu * 100)} %`,
        met: cpu < 0.001,
      },
      { what: 'RSS', target: '< 90 MB', measured: megabytes(rssBytes), met: rssBytes < 90e6 },
    ],
    ratios: [
      { name: 'RSS ÷ that of an idle Node.js', value: rssBytes / (await idleNode()), better: 'lower' },
    ],
    notes: [
      `The package with default settings, a receiver, health endpoint and canaries on, for ${SECONDS} s after ` +
        `${SETTLE_MILLIS / 1_000} s; ${readable(acts)} events of others came in the meantime. CPU is the scheduler's own ` +
        'account (/proc/<pid>/schedstat of all threads), which is exact to the nanosecond.',
      'Two seconds after it is ready the sidecar unmaps the clean pages of the Node.js executable, most of which only the start ' +
        'needed; what is mapped of it afterwards was touched again. The others stay in the page cache, from which the kernel can ' +
        'take them. PSS counts a page that several processes have mapped, as those of Node.js here, in part to each.',
    ],
    raw: {
      cpu,
      rssBytes,
      peakRssBytes,
      atReady,
      executable,
      ringBuffer,
      otherFiles,
      own,
      proportional,
      acts,
    },
  };
}

/** RSS of Node.js that does nothing, bytes. */
async function idleNode(): Promise<number> {
  const child = new Child(process.execPath, ['-e', 'console.log("up"); setInterval(() => {}, 1000)']);
  await child.line();
  await delay(500);
  const { rssBytes } = usageOf(child.pid);
  await child.end();
  return rssBytes;
}
