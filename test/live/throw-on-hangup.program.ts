/** Loaded into a sidecar by uncaught.test.ts: a part of it that fails in a timer, when the test says so. */
process.on('SIGHUP', () => {
  setTimeout(() => {
    throw new Error('broken timer');
  });
});
