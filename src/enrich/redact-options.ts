/** An option of some programs that has a secret, in the same argument or in the next one. */
export interface SecretOption {
  /** Names of the programs; `mysql*` are all that begin so. */
  readonly programs: readonly string[];
  /** As they are written: `-p`, `--user`, `/p:`. A word without a dash is a subcommand or setting. */
  readonly options: readonly string[];
  /** The value is only (true) or never (false) in the same argument. */
  readonly joined?: boolean;
  /** The value is `user` + this + secret; without it, the whole value is the secret. */
  readonly behind?: ':' | '%' | ',' | '=';
  /** The subcommand that must come before it; in other subcommands the option has another meaning. */
  readonly after?: string;
  /** Letters of switches that may stand before it in one argument: `-skuUSER:PASSWORD`. */
  readonly switches?: string;
}

export const SECRET_OPTIONS: readonly SecretOption[] = [
  // `mysql -p database` prompts for the password: only the joined form contains it
  { programs: ['mysql*'], options: ['-p'], joined: true },
  { programs: ['mariadb*'], options: ['-p'], joined: true },
  { programs: ['7z', '7za', '7zr', '7zz', 'rar', 'unrar'], options: ['-p'], joined: true },
  { programs: ['rar'], options: ['-hp'], joined: true },
  { programs: ['sshpass', 'cqlsh', 'nxc', 'crackmapexec', 'evil-winrm', 'smbmap'], options: ['-p'] },
  { programs: ['mongo*'], options: ['-p'] },
  { programs: ['useradd', 'usermod'], options: ['-p'] },
  { programs: ['docker', 'podman', 'nerdctl', 'buildah', 'skopeo', 'helm'], options: ['-p'], after: 'login' },
  { programs: ['oras', 'az'], options: ['-p'], after: 'login' },
  { programs: ['zip', 'unzip', 'zipcloak'], options: ['-P'] },
  {
    programs: ['sqlcmd', 'bcp', 'tsql', 'isql', 'mosquitto_pub', 'mosquitto_sub', 'ipmitool'],
    options: ['-P'],
  },
  { programs: ['redis-cli', 'valkey-cli'], options: ['-a'] },
  { programs: ['redis-cli', 'valkey-cli'], options: ['AUTH', 'auth', 'requirepass', 'masterauth'] },
  { programs: ['ldap*'], options: ['-w'] },
  { programs: ['snmp*'], options: ['-A', '-X', '-c'] },
  { programs: ['xfreerdp', 'xfreerdp3', 'wlfreerdp', 'sdl-freerdp'], options: ['/p:'] },
  { programs: ['openssl'], options: ['-k'], joined: false, after: 'enc' },
  { programs: ['openssl'], options: ['-K'], joined: false, after: 'enc' },
  { programs: ['db2'], options: ['using', 'USING'] },
  { programs: ['nmcli'], options: ['password'] },
  { programs: ['gh'], options: ['--body', '-b'], after: 'secret' },
  { programs: ['aws'], options: ['--value'], after: 'put-parameter' },
  { programs: ['az'], options: ['--value'], after: 'secret' },
  { programs: ['doctl'], options: ['-t'], after: 'init' },
  { programs: ['curl'], options: ['-u', '-U'], behind: ':', switches: '#0fgiIjkLnNOqRsSvZ' },
  { programs: ['curl'], options: ['--user', '--proxy-user'], behind: ':' },
  { programs: ['curl'], options: ['-E', '--cert'], behind: ':' },
  { programs: ['curl'], options: ['-b'], behind: '=' },
  { programs: ['http', 'https', 'xh'], options: ['-a', '--auth'], behind: ':' },
  { programs: ['smb*'], options: ['-U', '--user'], behind: '%' },
  { programs: ['rpcclient', 'net', 'winexe'], options: ['-U', '--user'], behind: '%' },
  { programs: ['lftp'], options: ['-u', '--user'], behind: ',' },
  { programs: ['kubectl', 'oc'], options: ['--from-literal'], behind: '=', after: 'secret' },
];

/** Subcommands whose arguments of the form `name=value` are secrets, whatever the name is. */
export interface SecretPairs {
  readonly program: string;
  readonly after: string;
}

export const SECRET_PAIRS: readonly SecretPairs[] = [
  { program: 'vault', after: 'put' },
  { program: 'vault', after: 'patch' },
  { program: 'vault', after: 'write' },
  { program: 'bao', after: 'put' },
  { program: 'flyctl', after: 'secrets' },
  { program: 'fly', after: 'secrets' },
  { program: 'heroku', after: 'config:set' },
];

/** A program that reads a secret from its standard input, where another one before a `|` writes it. */
export interface SecretReader {
  readonly program: string;
  /** The option with which it does; undefined: it always does. */
  readonly option?: string;
}

export const SECRET_READERS: readonly SecretReader[] = [
  { program: 'docker', option: '--password-stdin' },
  { program: 'podman', option: '--password-stdin' },
  { program: 'helm', option: '--password-stdin' },
  { program: 'sudo', option: '-S' },
  { program: 'passwd', option: '--stdin' },
  { program: 'gh', option: '--with-token' },
  { program: 'chpasswd' },
  { program: 'smbpasswd' },
  { program: 'cryptsetup' },
];
