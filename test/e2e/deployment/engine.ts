import { execFileSync } from 'node:child_process';

/** Whether a docker command succeeds. */
export function docker(...words: string[]): boolean {
  try {
    execFileSync('docker', words, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Why an image cannot be tested, for `skip`. @param how the command that builds it */
export function whyNoImage(name: string, how: string): string | false {
  return docker('image', 'inspect', name) ? false : `needs a docker engine with the image ${name}: ${how}`;
}

/** Why `docker compose` cannot be used, for `skip`. */
export function whyNoCompose(): string | false {
  return docker('compose', 'version') ? false : 'needs docker compose';
}
