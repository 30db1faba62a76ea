/** A format that only secrets have. */
export interface TokenFormat {
  /** What it begins with, at the start of a word. */
  readonly prefix: string;
  /** Fewest characters behind the prefix. */
  readonly least: number;
  /** The prefix is no secret, but says where the secret belongs. */
  readonly keepsPrefix?: boolean;
}

/** As `[prefix, fewest characters behind it, true where the prefix is reported]`; in 2026. */
const FORMATS: readonly (readonly [prefix: string, least: number, keepsPrefix?: boolean])[] = [
  ['ghp_', 20], // GitHub
  ['gho_', 20],
  ['ghu_', 20],
  ['ghs_', 20],
  ['ghr_', 20],
  ['github_pat_', 20],
  ['glpat-', 16], // GitLab
  ['gldt-', 16],
  ['glrt-', 16],
  ['glcbt-', 16],
  ['glptt-', 16],
  ['glft-', 16],
  ['gloas-', 16],
  ['glsoat-', 16],
  ['glagent-', 16],
  ['GR1348941', 16],
  ['ATBB', 24], // Bitbucket, Atlassian
  ['ATATT3', 24],
  ['ATCTT3', 24],
  ['AKIA', 16], // AWS
  ['ASIA', 16],
  ['AIza', 30], // Google
  ['ya29.', 20],
  ['GOCSPX-', 20],
  ['xoxb-', 10], // Slack
  ['xoxp-', 10],
  ['xoxa-', 10],
  ['xoxe-', 10],
  ['xoxr-', 10],
  ['xoxs-', 10],
  ['xoxo-', 10],
  ['xoxc-', 10],
  ['xoxd-', 10],
  ['xapp-', 10],
  ['hooks.slack.com/services/', 10, true],
  ['discord.com/api/webhooks/', 10, true],
  ['api.telegram.org/bot', 10, true],
  ['npm_', 30],
  ['pypi-', 40],
  ['rubygems_', 30],
  ['dckr_pat_', 16], // Docker
  ['dckr_oat_', 16],
  ['sk_live_', 16], // Stripe
  ['sk_test_', 16],
  ['rk_live_', 16],
  ['rk_test_', 16],
  ['whsec_', 20],
  ['sq0csp-', 20], // Square
  ['shpat_', 20], // Shopify
  ['shpss_', 20],
  ['SG.', 30], // SendGrid
  ['sk-', 20], // OpenAI, Anthropic and others
  ['gsk_', 20], // Groq
  ['xai-', 20],
  ['pplx-', 20],
  ['r8_', 20], // Replicate
  ['hf_', 20], // Hugging Face
  ['dapi', 32], // Databricks
  ['hvs.', 20], // HashiCorp
  ['hvb.', 20],
  ['hvr.', 20],
  ['pul-', 32], // Pulumi
  ['dop_v1_', 32], // DigitalOcean
  ['doo_v1_', 32],
  ['dor_v1_', 32],
  ['HRKU-', 20], // Heroku
  ['fm2_', 20], // Fly.io
  ['nfp_', 20], // Netlify
  ['sbp_', 20], // Supabase
  ['pscale_', 20], // PlanetScale
  ['dp.st.', 20], // Doppler
  ['dp.pt.', 20],
  ['lin_api_', 20], // Linear
  ['ntn_', 30], // Notion
  ['figd_', 20], // Figma
  ['PMAK-', 20], // Postman
  ['glsa_', 20], // Grafana
  ['glc_', 20],
  ['NRAK-', 20], // New Relic
  ['sntrys_', 20], // Sentry
  ['sqp_', 20], // SonarQube
  ['squ_', 20],
  ['AKCp', 40], // Artifactory
  ['tskey-', 16], // Tailscale
  ['bkua_', 20], // Buildkite
  ['AGE-SECRET-KEY-1', 20],
  ['ops_eyJ', 20], // 1Password
  ['eyJ', 20], // JSON in base64url: JSON web tokens
  ['LS0tLS1CRUdJTiBQUklW', 20], // private keys in base64: PRIVATE, RSA, EC, OPENSSH, ENCRYPTED
  ['LS0tLS1CRUdJTiBSU0Eg', 20],
  ['LS0tLS1CRUdJTiBFQyBQ', 20],
  ['LS0tLS1CRUdJTiBPUEVO', 20],
  ['LS0tLS1CRUdJTiBFTkNS', 20],
];

/** By the code of the first character, so that a word costs a look at few of them. */
const BY_START: readonly (readonly TokenFormat[])[] = Array.from({ length: 128 }, (_, code) =>
  FORMATS.filter(([prefix]) => prefix.charCodeAt(0) === code).map(([prefix, least, keepsPrefix = false]) => ({
    prefix,
    least,
    keepsPrefix,
  })),
);

/** The format of a word of `text` at `start`, an ASCII character, judged by its prefix. */
export function tokenFormatAt(text: string, start: number): TokenFormat | undefined {
  const formats = BY_START[text.charCodeAt(start)];
  if (formats === undefined || formats.length === 0) return undefined;
  return formats.find(({ prefix }) => text.startsWith(prefix, start));
}
