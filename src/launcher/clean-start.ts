/** Keeps SIGUSR1 blocked, with which anybody of the same user opens the inspector: code execution with our capabilities. */
const NO_INSPECTOR_SIGNAL = '--disable-sigusr1';

/**
 * Variables with which Node.js, OpenSSL, libuv and gRPC run code, open ports, write files, trust others, print what they
 * were given, or have too few threads. All of them, not those that are known to be harmful: every release has new ones.
 * The library for YAML prints what it reads, secrets of the configuration included, with two that have no prefix.
 */
const TAKEN_OVER = /^(?:(?:NODE|OPENSSL|UV|GRPC)_|(?:LOG_TOKENS|LOG_STREAM)$)/;

/**
 * Starts this program again, in place, where Node.js was started open to others: without the option, or with variables that
 * it obeys. src/launcher/memwarden and the image start it closed from the first instruction on. This is for the ways around
 * them, such as `node dist/cli/main.js`, where what a variable had Node.js do until now cannot be undone.
 *
 * @returns when there is nothing to do, or where this Node.js, before 23.11, cannot
 */
export function startClean(): void {
  const variables = Object.entries(process.env);
  const kept = variables.filter(([name]) => !TAKEN_OVER.test(name));
  const isClosed = process.execArgv.includes(NO_INSPECTOR_SIGNAL);
  if ((isClosed && kept.length === variables.length) || process.execve === undefined) return;
  const options = isClosed ? process.execArgv : [NO_INSPECTOR_SIGNAL, ...process.execArgv];
  process.execve(
    process.execPath,
    [process.execPath, ...options, ...process.argv.slice(1)],
    Object.fromEntries(kept),
  );
}
