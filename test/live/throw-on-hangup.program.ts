/** Loaded into a sidecar by uncaught.test.ts: throws in a timer after SIGHUP. */
process.on('SIGHUP', () => {
  setTimeout(() => {
    throw new Error('broken timer');
  });
});
