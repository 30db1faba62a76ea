import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { TestContext } from 'node:test';

/**
 * Acts once, right after a function of `node:fs` was called with a path that ends so: the moment for which somebody waits who
 * exchanges a file between the look at it and its use.
 */
export function afterCall(
  t: TestContext,
  name: 'fstatSync' | 'lstatSync' | 'openSync' | 'statSync',
  end: string,
  act: () => void,
): void {
  const original: (...values: never[]) => unknown = fs[name];
  let isDone = false;
  const replaced = t.mock.method(fs, name, (...values: unknown[]) => {
    const result: unknown = Reflect.apply(original, fs, values);
    if (!isDone && String(values[0]).endsWith(end)) {
      isDone = true;
      act();
    }
    return result;
  });
  // what has imported the function by its name sees the new one only now
  syncBuiltinESMExports();
  t.after(() => {
    replaced.mock.restore();
    syncBuiltinESMExports();
    if (!isDone) throw new Error(`${name} was never called with a path that ends in ${end}`);
  });
}
