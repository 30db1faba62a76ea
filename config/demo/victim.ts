/** The victim of the demonstration: a build step that holds a made-up secret in its memory and nowhere else. */
import { randomBytes } from 'node:crypto';

const secret = `MEMWARDEN-DEMO-SECRET-${randomBytes(8).toString('hex')}`;

console.log(`victim: pid ${process.pid} holds a secret that starts with ${secret.slice(0, 24)}…`);

// Referenced, so that it stays in memory.
setInterval(() => {
  if (secret.length === 0) throw new Error('the secret is gone');
}, 60_000);
