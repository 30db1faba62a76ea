/**
 * Keeps Node.js from opening its inspector at SIGUSR1, which gives any process of the same user code execution with our
 * capabilities.
 */
const NO_INSPECTOR_SIGNAL = '--disable-sigusr1';

/**
 * Variables that make Node.js, OpenSSL, libuv and gRPC run code, open ports, write files, trust other certificates, print
 * what they were given, or have too few threads. All with these prefixes, not a list of harmful ones: every release adds
 * some. With the two that have no prefix the YAML library prints what it reads, secrets of the configuration included.
 */
const TAKEN_OVER = /^(?:(?:NODE|OPENSSL|UV|GRPC)_|(?:LOG_TOKENS|LOG_STREAM)$)/;

/**
 * Executes this program again (execve(2)) if Node.js was started without the option, or with variables that it obeys.
 * src/launcher/memwarden and the image start it with neither weakness. This is for starts that bypass them, such as
 * `node dist/cli/main.js`; what a variable has made Node.js do before this line cannot be undone.
 *
 * @returns when there is nothing to do, or before Node.js 23.11, which has no `process.execve`
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
