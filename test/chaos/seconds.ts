const NAME = 'MEMWARDEN_TEST_CHAOS_SECONDS';

/** Length of an outage, seconds: the value of MEMWARDEN_TEST_CHAOS_SECONDS, or 60. */
export const CHAOS_SECONDS = Number(process.env[NAME] ?? 60);

// removed from the environment: a sidecar does not start with an unknown setting
delete process.env[NAME];
