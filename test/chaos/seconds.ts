const NAME = 'MEMWARDEN_TEST_CHAOS_SECONDS';

/** Length of an outage, seconds: a minute, or what MEMWARDEN_TEST_CHAOS_SECONDS says. */
export const CHAOS_SECONDS = Number(process.env[NAME] ?? 60);

// it is no setting, and a sidecar that inherits it does not start
delete process.env[NAME];
