import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boot } from './boot.ts';
import { guestArchives } from './initramfs.ts';
import { findKernel, type Kernel } from './kernels.ts';
import { provideHostPrograms } from './requirements.ts';

const PATIENCE_MILLIS = 120_000;
const LOG_TAIL = "\n--- last lines of the guest's log ---\n";

/** Ways to end that must never count as passed; `log` is what the end of the guest's log must show. */
const ENDINGS = [
  {
    title: 'a guest that panics fails with the panic',
    run: 'echo before the end; echo c >/proc/sysrq-trigger',
    cause: /^the guest panicked$/,
    log: /Kernel panic - not syncing: sysrq triggered crash/,
  },
  {
    title: 'a guest that hangs fails with what it hangs on',
    run: 'echo before the end; sleep 1000',
    cause: /^the guest hung: /,
    log: /^\d+ sleep 1000 *\[.*\]$/m,
    patienceSeconds: 10,
  },
  {
    title: 'a guest that goes away without its marker fails',
    run: 'echo before the end; echo "<1>going away" >/dev/kmsg; echo 0-0 exit=0 complaints=0; poweroff -f',
    cause: /^the guest ended without its marker /,
    log: /going away/,
  },
  {
    title: 'a guest whose kernel complained fails, however well the work ended',
    run: 'echo before the end; echo "<1>BUG: made up for this test" >/dev/kmsg',
    cause: /^the kernel complained 1 times while the work ran$/,
    log: /BUG: made up for this test/,
  },
  {
    title: 'work that fails is a failure',
    run: 'echo before the end; echo "last words" >&2; exit 3',
    cause: /^the work ended with exit status 3$/,
    log: /last words/,
  },
] as const;

for (const { title, run, cause, log, ...rest } of ENDINGS) {
  test(title, async t => {
    const kernel = kernelOrReason();
    if (typeof kernel === 'string') return t.skip(kernel);
    const job = { run: `${run}\n`, timeoutMillis: PATIENCE_MILLIS, ...rest };
    const { failure, output } = await boot(kernel, guestArchives('amd64'), job);
    assert.match(output, /^before the end$/m);
    const [reported = '', tail = ''] = failure?.split(LOG_TAIL) ?? ['passed'];
    assert.match(reported, cause);
    assert.match(tail, log);
    assert.ok(tail.split('\n').length <= 40, tail);
  });
}

/** Or why there is none. */
function kernelOrReason(): Kernel | string {
  try {
    provideHostPrograms('amd64');
    return findKernel('6.1', 'amd64');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
