/** Started by least-privilege.test.ts with fewer capabilities than memwarden itself accepts. */
import { probeHooks } from '../../../src/capture/index.ts';
import { loadSettings } from '../../../src/config/index.ts';

const { capture } = loadSettings({ env: {} });
try {
  const reports = await probeHooks(capture);
  const answers = reports.map(({ capability, hook, attempts }) => ({
    capability,
    hook,
    reasons: attempts.map(({ reason }) => reason),
  }));
  process.stdout.write(`${JSON.stringify(answers)}\n`);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stdout.write(`${JSON.stringify([{ capability: 'all', reasons: [message] }])}\n`);
}
