/** Built at run time, so that no secret scanner reports a test. */
const GITHUB = `ghp_${'a1B2'.repeat(9)}`;
const JWT = ['eyJhbGciOi'.repeat(2), 'eyJzdWIiOi'.repeat(2), 'sig-nature_'.repeat(2)].join('.');

/** What tokens begin with, and how many characters follow; the characters are added at run time for the same reason. */
const TOKENS: readonly (readonly [prefix: string, length: number])[] = [
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'].map(prefix => [prefix, 36] as const),
  ...['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glft-', 'gloas-', 'glsoat-', 'glagent-'].map(
    prefix => [prefix, 20] as const,
  ),
  ['GR1348941', 20],
  ...['ATBB', 'ATATT3', 'ATCTT3'].map(prefix => [prefix, 28] as const),
  ...['AKIA', 'ASIA'].map(prefix => [prefix, 16] as const),
  ['AIza', 35],
  ['ya29.', 40],
  ['GOCSPX-', 28],
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxe-', 'xoxr-', 'xoxs-', 'xoxo-', 'xoxc-', 'xoxd-', 'xapp-'].map(
    prefix => [prefix, 24] as const,
  ),
  ['npm_', 36],
  ['pypi-', 64],
  ['rubygems_', 48],
  ...['dckr_pat_', 'dckr_oat_'].map(prefix => [prefix, 27] as const),
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'whsec_'].map(prefix => [prefix, 24] as const),
  ...['sq0csp-', 'shpat_', 'shpss_'].map(prefix => [prefix, 32] as const),
  ['SG.', 66],
  ...['sk-', 'sk-proj-', 'sk-ant-api03-', 'gsk_', 'xai-', 'pplx-', 'r8_', 'hf_'].map(
    prefix => [prefix, 40] as const,
  ),
  ['dapi', 32],
  ...['hvs.', 'hvb.', 'hvr.'].map(prefix => [prefix, 24] as const),
  ['pul-', 40],
  ...['dop_v1_', 'doo_v1_', 'dor_v1_'].map(prefix => [prefix, 64] as const),
  ...['HRKU-', 'fm2_', 'nfp_', 'sbp_', 'pscale_tkn_', 'dp.st.', 'dp.pt.', 'lin_api_'].map(
    prefix => [prefix, 40] as const,
  ),
  ...['ntn_', 'figd_', 'PMAK-', 'glsa_', 'glc_', 'NRAK-', 'sntrys_', 'sqp_', 'squ_', 'AKCp'].map(
    prefix => [prefix, 44] as const,
  ),
  ...['tskey-auth-', 'bkua_', 'AGE-SECRET-KEY-1', 'ops_eyJ', 'eyJ'].map(prefix => [prefix, 40] as const),
  ...['BQUklW', 'BSU0Eg', 'BFQyBQ', 'BPUEVO', 'BFTkNS'].map(type => [`LS0tLS1CRUdJTi${type}`, 60] as const),
];
const TAIL = 'a1B2c3D4'.repeat(9);

/** Words that alone mark a name as secret, and that no other rule of names covers. */
const WORDS = [
  'passcode',
  'pwd',
  'psk',
  'secrets',
  'bearer',
  'jwt',
  'cookie',
  'cookies',
  'credential',
  'credentials',
  'creds',
  'authorization',
  'signature',
  'passin',
  'passout',
  'rediscli',
  'otp',
  'mnemonic',
  'password',
  'passwords',
  'passwd',
  'passphrase',
  'pass',
  'passwort',
  'secret',
  'token',
];

/** Words that only end like a secret. */
const ORDINARY = ['bypass', 'compass', 'multipass', 'encompass'];

const KEY_KINDS = [
  'access',
  'account',
  'api',
  'app',
  'auth',
  'consumer',
  'decryption',
  'encryption',
  'function',
  'hmac',
  'license',
  'master',
  'priv',
  'private',
  'sas',
  'secret',
  'service',
  'session',
  'shared',
  'signing',
  'storage',
  'subscription',
  'unseal',
];

const ABOUT = [
  'age',
  'algorithm',
  'count',
  'dir',
  'directory',
  'endpoint',
  'env',
  'expiry',
  'fd',
  'file',
  'format',
  'id',
  'jar',
  'length',
  'limit',
  'method',
  'name',
  'path',
  'policy',
  'prefix',
  'prompt',
  'provider',
  'ref',
  'size',
  'stdin',
  'store',
  'timeout',
  'ttl',
  'type',
  'uri',
  'url',
  'version',
  'conf',
  'csv',
  'helper',
  'json',
  'pem',
  'txt',
  'yaml',
  'yml',
];

const SWITCHES = ['ask', 'disable', 'enable', 'no', 'prompt', 'require', 'skip', 'use'];

/** A program, and its option with a password; in one argument where they are joined. */
const OPTIONS: readonly (readonly [given: string, reported: string])[] = [
  ['mariadb | -ppw', 'mariadb | -p[redacted]'],
  ['mariadb-dump | -ppw', 'mariadb-dump | -p[redacted]'],
  ['7z | a | -ppw | x.7z', '7z | a | -p[redacted] | x.7z'],
  ['rar | a | -hppw | x.rar', 'rar | a | -hp[redacted] | x.rar'],
  ['mongosh | -u | bob | -p | pw', 'mongosh | -u | bob | -p | [redacted]'],
  ['podman | login | -ppw | host', 'podman | login | -p[redacted] | host'],
  ['unzip | -P | pw | x.zip', 'unzip | -P | [redacted] | x.zip'],
  ['sqlcmd | -Ppw', 'sqlcmd | -P[redacted]'],
  ['valkey-cli | -apw | ping', 'valkey-cli | -a[redacted] | ping'],
  ['ldapmodify | -wpw', 'ldapmodify | -w[redacted]'],
  ['snmpwalk | -v2c | -c | community | host', 'snmpwalk | -v2c | -c | [redacted] | host'],
  ['snmpget | -A | authpw | -X | privpw', 'snmpget | -A | [redacted] | -X | [redacted]'],
  ['xfreerdp | /u:bob | /p:pw | /v:host', 'xfreerdp | /u:bob | /p:[redacted] | /v:host'],
  ['http | -a | bob:pw | host', 'http | -a | bob:[redacted] | host'],
  ['https | --auth=bob:pw | host', 'https | --auth=bob:[redacted] | host'],
  ['rpcclient | --user=bob%pw | host', 'rpcclient | --user=bob%[redacted] | host'],
  ['curl | -U | eve:pw | host', 'curl | -U | eve:[redacted] | host'],
];

/** A title, a command line with ` | ` between its arguments, and the redacted one. */
export const SECRETS: readonly (readonly [what: string, given: string, reported: string])[] = [
  ['a long option and its value in one', 'app | --password=a=b c | run', 'app | --password=[redacted] | run'],
  [
    'a long option and its value in two',
    'app | --db-password | hunter2 | run',
    'app | --db-password | [redacted] | run',
  ],
  ['a long option with one dash', 'app | -token | abc', 'app | -token | [redacted]'],
  [
    'names in camel case',
    'java | -Djavax.net.ssl.keyStorePassword=x | -jar | a.jar',
    'java | -Djavax.net.ssl.keyStorePassword=[redacted] | -jar | a.jar',
  ],
  ['a word of a camel-case name', 'java | -DkeyStorePass=x', 'java | -DkeyStorePass=[redacted]'],
  ['names run together', 'env | PGPASSWORD=x | psql', 'env | PGPASSWORD=[redacted] | psql'],
  [
    'environment assignments',
    'env | AWS_SECRET_ACCESS_KEY=x | A=b',
    'env | AWS_SECRET_ACCESS_KEY=[redacted] | A=b',
  ],
  [
    'keys of a reporting kind',
    'app | --api-key | k | --access-key=k',
    'app | --api-key | [redacted] | --access-key=[redacted]',
  ],
  [
    'an option set by name',
    'aws | configure | set | aws_secret_access_key | k/k',
    'aws | configure | set | aws_secret_access_key | [redacted]',
  ],
  [
    'an authorization header',
    'curl | -H | Authorization: Bearer abc',
    'curl | -H | Authorization: [redacted]',
  ],
  ['a header joined to its option', 'curl | -HX-Api-Key:abc', 'curl | -HX-Api-Key:[redacted]'],
  [
    'a header in quotes, and what is behind it',
    'sh | -c | curl -H "Authorization: Basic x y" http://host',
    'sh | -c | curl -H "Authorization: [redacted]" http://host',
  ],
  [
    'a password with a slash, behind an address',
    'app | a@b postgres://bob:a/b@host/db',
    'app | a@b postgres://bob:[redacted]@host/db',
  ],
  ['a cookie', 'curl | -H | Cookie: sid=1; b=2', 'curl | -H | Cookie: [redacted]'],
  ['a bearer token in text', 'app | got Bearer abcdefgh12345678 there', 'app | got Bearer [redacted] there'],
  [
    'a password in a URL',
    'git | clone | https://bob:pw@host/x.git',
    'git | clone | https://bob:[redacted]@host/x.git',
  ],
  [
    'a careless password in a URL',
    'psql | postgres://bob:p#?@w@host/db',
    'psql | postgres://bob:[redacted]@host/db',
  ],
  [
    'a token as the user of a URL',
    `git | clone | https://${'x'.repeat(24)}@host/x`,
    'git | clone | https://[redacted]@host/x',
  ],
  [
    'a parameter of a URL',
    'curl | https://host/x?user=bob&access_token=abc&page=2',
    'curl | https://host/x?user=bob&access_token=[redacted]&page=2',
  ],
  ['mount options', 'mount | -o | user=bob,password=pw,rw', 'mount | -o | user=bob,password=[redacted],rw'],
  [
    'a connection string',
    'app | Server=db;Uid=sa;Pwd=p;Encrypt=yes',
    'app | Server=db;Uid=sa;Pwd=[redacted];Encrypt=yes',
  ],
  ['JSON', 'app | {"user": "bob", "password": "a b"}', 'app | {"user": "bob", "password": [redacted]}'],
  [
    'a literal inside an option',
    'kubectl | create | --from-literal=password=x',
    'kubectl | create | --from-literal=password=[redacted]',
  ],
  ['the joined option of mysql', 'mysql | -uroot | -ppw | db', 'mysql | -uroot | -p[redacted] | db'],
  [
    'sshpass',
    'sshpass | -p | pw | ssh | -p | 22 | host',
    'sshpass | -p | [redacted] | ssh | -p | [redacted] | host',
  ],
  [
    'a login to a registry',
    'docker | login | -u | bob | -p | pw | host',
    'docker | login | -u | bob | -p | [redacted] | host',
  ],
  ['the user of curl', 'curl | -u | bob:pw | http://host', 'curl | -u | bob:[redacted] | http://host'],
  [
    'the user of curl, joined',
    'curl | -ubob:pw | --proxy-user=eve:pw',
    'curl | -ubob:[redacted] | --proxy-user=eve:[redacted]',
  ],
  [
    'the user of smbclient',
    'smbclient | //host/share | -U | bob%pw',
    'smbclient | //host/share | -U | bob%[redacted]',
  ],
  ['redis-cli', 'redis-cli | -h | host | -a | pw | ping', 'redis-cli | -h | host | -a | [redacted] | ping'],
  ['ldapsearch', 'ldapsearch | -D | cn=admin | -w | pw', 'ldapsearch | -D | cn=admin | -w | [redacted]'],
  [
    'a password source of openssl',
    'openssl | rsa | -passin | pass:pw',
    'openssl | rsa | -passin | [redacted]',
  ],
  ['a password that looks like a path', 'openssl | rsa | pass://pw', 'openssl | rsa | pass:[redacted]'],
  ['a program by its path', '/usr/bin/mysql | -ppw', '/usr/bin/mysql | -p[redacted]'],
  ['a program behind another', 'sudo | -u | bob | mysql | -ppw', 'sudo | -u | bob | mysql | -p[redacted]'],
  ['a token of a known service anywhere', `app | x=${GITHUB},y`, 'app | x=[redacted],y'],
  ['a JSON web token anywhere', `app | ${JWT}`, 'app | [redacted]'],
  [
    'a private key',
    'app | -----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----',
    'app | [redacted]',
  ],
  [
    'shell text',
    'sh | -c | curl -H "X-Api-Key: k" -u bob:pw http://h && DB_PASSWORD=\'a b\' run --port 3 --token t',
    'sh | -c | curl -H "X-Api-Key: [redacted]" -u bob:[redacted] http://h && DB_PASSWORD=[redacted] run --port 3 --token [redacted]',
  ],
  ...TOKENS.map(
    ([prefix, length]) =>
      [
        `a token that begins with ${prefix}`,
        `app | ${prefix}${TAIL.slice(0, length)} | run`,
        'app | [redacted] | run',
      ] as const,
  ),
  ...['hooks.slack.com/services/', 'discord.com/api/webhooks/', 'api.telegram.org/bot'].map(
    prefix =>
      [
        `a web hook below ${prefix}`,
        `curl | https://${prefix}${TAIL.slice(0, 24)} | run`,
        `curl | https://${prefix}[redacted] | run`,
      ] as const,
  ),
  [
    'a secret key behind the id of an access key',
    `s3fs | AKIA${TAIL.slice(0, 16)}:${TAIL.slice(0, 40)} | run`,
    's3fs | [redacted]:[redacted] | run',
  ],
  ...WORDS.map(
    word =>
      [`the name ${word}`, `app | --my-${word}-x=v | run`, `app | --my-${word}-x=[redacted] | run`] as const,
  ),
  ...KEY_KINDS.map(
    kind =>
      [
        `a key of kind ${kind}, in one word`,
        `app | --${kind}key=v | run`,
        `app | --${kind}key=[redacted] | run`,
      ] as const,
  ),
  ...KEY_KINDS.map(
    kind =>
      [
        `a key of kind ${kind}`,
        `app | --${kind}-key | v | run`,
        `app | --${kind}-key | [redacted] | run`,
      ] as const,
  ),
  ...OPTIONS.map(([given, reported]) => [`an option, ${given}`, given, reported] as const),
  [
    'commands of shell text, each with its own options',
    'sh | -c | sshpass -p pw true && ssh -p 22 host',
    'sh | -c | sshpass -p [redacted] true && ssh -p 22 host',
  ],
  [
    'a value in quotes behind its name, and a name in it',
    'app | a=1,password="x token=y",b=2',
    'app | a=1,password=[redacted],b=2',
  ],
  [
    'code',
    "python3 | -c | import x; password='a b'; x.run(1)",
    'python3 | -c | import x; password=[redacted]; x.run(1)',
  ],
];

/** A title, and a command line that stays unchanged. */
export const HARMLESS: readonly (readonly [what: string, given: string])[] = [
  ['ordinary arguments', 'grep | -rn | password | /etc'],
  ['where a secret is', 'app | --password-file=/run/secrets/db | --token-path | /x'],
  ['what is about a secret', 'app | --token-ttl=3600 | --secret-name | db | --api-key-id=7'],
  [
    'words that only begin like one',
    'app | --tokenizer | fast | --max-tokens=100 | --passthrough=yes | --compass | n',
  ],
  ['keys of no reporting kind', 'app | --key=name | --sort-key | age | --keyboard=de'],
  ['a switch', 'mysql | --no-password | host'],
  ['an option in place of a value', 'app | --password | --host | h'],
  ['a published port', 'docker | run | -p | 8080:80 | -u | 1000:1000 | image'],
  ['the port of ssh', 'ssh | -p | 22 | host'],
  ['mysql that will ask', 'mysql | -p | db'],
  ['a URL without a password', 'curl | https://host:8443/a@b?page=1#top'],
  ['an ssh URL', 'git | clone | ssh://git@host/x.git'],
  ['an scp path', 'scp | bob@host:/etc/x | .'],
  ['shell text without a secret', 'sh | -c | for i in 1 2; do echo "$i" \'x y\'; done'],
  ['an unbalanced quote', `sh | -c | echo "it's`],
  ...ABOUT.map(
    word => [`the ${word} of a secret`, `app | --token-${word}=v | --password-${word} | v`] as const,
  ),
  ...ORDINARY.map(word => [`the word ${word}`, `app | --${word} | v | --${word}=v`] as const),
  ...SWITCHES.map(word => [`the switch ${word}`, `app | --${word}-password | v`] as const),
  ['nothing', ''],
];
