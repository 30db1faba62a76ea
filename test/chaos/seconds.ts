/** Length of an outage, seconds: a minute, or what MEMWARDEN_CHAOS_SECONDS says. */
export const CHAOS_SECONDS = Number(process.env['MEMWARDEN_CHAOS_SECONDS'] ?? 60);
