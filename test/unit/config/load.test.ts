import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadConfiguration, loadSettings, type SettingSources } from '../../../src/config/load.ts';
import { MemwardenError } from '../../../src/errors.ts';
import type { TelemetryOptions } from '../../../src/telemetry/options.ts';
import { temporaryDirectory } from '../../temporary-directory.ts';

const folder = temporaryDirectory({ after });

function fileWith(text: string): string {
  const path = join(folder, 'memwarden.yaml');
  writeFileSync(path, text);
  return path;
}

function refusal(sources: SettingSources): string {
  try {
    loadSettings(sources);
  } catch (error) {
    assert.ok(error instanceof MemwardenError);
    assert.equal(error.code, 'CONFIG_INVALID');
    return error.message;
  }
  return assert.fail('the settings were accepted');
}

describe('settings', () => {
  it('have the defaults of the schema when no source says anything', () => {
    const { settings, origins } = loadConfiguration({});
    assert.equal(settings.telemetry.exporter, 'otlp');
    assert.deepEqual(settings.detect.events, ['default']);
    assert.equal(settings.capture.btfPath, '/sys/kernel/btf/vmlinux');
    assert.equal('certificatePath' in settings.telemetry.otlp, false);
    assert.equal(origins.size, 0);
  });

  it('are what the telemetry stage takes', () => {
    const options: TelemetryOptions = loadSettings({}).telemetry;
    assert.equal(options.otlp.protocol, 'grpc');
  });

  it('come from the file, then the environment, then flags, the later one winning', () => {
    const file = fileWith(
      'telemetry:\n  exporter: none\n  otlp:\n    compression: gzip\n    timeoutMillis: 1\n',
    );
    const env = { OTEL_LOGS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_TIMEOUT: '2' };
    const flags = [{ key: 'telemetry.exporter', value: 'console', origin: '--exporter' }];
    const { settings, origins } = loadConfiguration({ file, env, flags });
    assert.equal(settings.telemetry.otlp.compression, 'gzip');
    assert.equal(settings.telemetry.otlp.timeoutMillis, 2);
    assert.equal(settings.telemetry.exporter, 'console');
    assert.equal(origins.get('telemetry.otlp.compression'), `${file}:4:5`);
    assert.equal(origins.get('telemetry.otlp.timeoutMillis'), 'OTEL_EXPORTER_OTLP_TIMEOUT');
    assert.equal(origins.get('telemetry.exporter'), '--exporter');
  });

  it('follow the aliases and merge keys of the file', () => {
    const file = fileWith('telemetry:\n  otlp:\n    headers: &both {a: b}\n    <<: {compression: gzip}\n');
    assert.equal(loadSettings({ file }).telemetry.otlp.compression, 'gzip');
  });

  it('take a group or setting without a value as not given', () => {
    const settings = loadSettings({ file: fileWith('telemetry:\n  exporter:\nhealth:\n') });
    assert.equal(settings.telemetry.exporter, 'otlp');
  });

  it('take an empty file as no settings', () => {
    assert.equal(loadSettings({ file: fileWith('# nothing yet\n') }).health.enabled, true);
  });

  it('keep a header whose name contains a dot', () => {
    const { otlp } = loadSettings({ env: { OTEL_EXPORTER_OTLP_HEADERS: 'x.api.key=a%20b' } }).telemetry;
    assert.deepEqual(otlp.headers, { 'x.api.key': 'a b' });
  });

  it('name an event by its id', () => {
    const { detect } = loadSettings({ env: { MEMWARDEN_DETECT_EVENTS: 'TRC-1023, mem_prot_alert' } });
    assert.deepEqual(detect.events, ['proc_mem_access', 'mem_prot_alert']);
  });
});

describe('the environment', () => {
  it('lets the name for logs win over the general OTLP name', () => {
    const env = { OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: '5', OTEL_EXPORTER_OTLP_TIMEOUT: '7' };
    assert.equal(loadSettings({ env }).telemetry.otlp.timeoutMillis, 5);
  });

  it('counts an empty variable as not set, as the OpenTelemetry specification wants', () => {
    const env = {
      OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: '',
      OTEL_EXPORTER_OTLP_TIMEOUT: '7',
      OTEL_LOGS_EXPORTER: '',
    };
    const { telemetry } = loadSettings({ env });
    assert.equal(telemetry.otlp.timeoutMillis, 7);
    assert.equal(telemetry.exporter, 'otlp');
  });

  it('may not contain a MEMWARDEN_ name that is no setting', () => {
    const message = refusal({ env: { MEMWARDEN_DETECT_EVENT: 'default' } });
    assert.match(
      message,
      /MEMWARDEN_DETECT_EVENT \(environment\): no such variable; did you mean MEMWARDEN_DETECT_EVENTS\?/,
    );
  });

  it('may contain the links that Kubernetes makes for a Service called memwarden', () => {
    const env = {
      MEMWARDEN_SERVICE_HOST: '10.0.0.1',
      MEMWARDEN_SERVICE_PORT_METRICS: '9464',
      MEMWARDEN_PORT: 'tcp://10.0.0.1:9464',
      MEMWARDEN_PORT_9464_TCP_ADDR: '10.0.0.1',
    };
    assert.equal(loadSettings({ env }).health.listenPort, 9464);
  });
});

describe('a wrong setting', () => {
  it('is refused with its place in the file, and the key that was meant', () => {
    const file = fileWith('telemetry:\n  exporterr: otlp\n');
    assert.match(
      refusal({ file }),
      /telemetry\.exporterr \(.*memwarden\.yaml:2:3\): no such setting; did you mean telemetry\.exporter\?; allowed in telemetry: exporter, /,
    );
  });

  it('is traced to the group where a setting of that name exists', () => {
    assert.match(refusal({ file: fileWith('endpoint: x:1\n') }), /did you mean telemetry\.otlp\.endpoint\?/);
  });

  it('is refused with the value and what is allowed', () => {
    assert.match(
      refusal({ env: { OTEL_LOGS_EXPORTER: 'consle' } }),
      /telemetry\.exporter \(OTEL_LOGS_EXPORTER\): "consle" is not allowed; did you mean console\?; allowed: otlp, console, none/,
    );
  });

  for (const [name, value] of [
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '12abc'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '1e3'],
    ['OTEL_EXPORTER_OTLP_INSECURE', 'yes'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'ftp://collector'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'no-equals-sign'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=%zz'],
    ['OTEL_RESOURCE_ATTRIBUTES', '=value'],
    ['MEMWARDEN_CAPTURE_RING_BUFFER_BYTES', '3MiB'],
    ['MEMWARDEN_CAPTURE_RING_BUFFER_BYTES', '4KiB'],
    ['MEMWARDEN_TELEMETRY_SPOOL_MAX_AGE_MILLIS', '1 week'],
    ['MEMWARDEN_HEALTH_LISTEN_PORT', '65536'],
    ['MEMWARDEN_DETECT_EVENTS', 'default,proc_mem_acess'],
  ] as const) {
    it(`is never read as something else: ${name}=${value}`, () => {
      assert.match(
        refusal({ env: { [name]: value } }),
        new RegExp(`\\(${name}\\): .* is not allowed.*; allowed: `),
      );
    });
  }

  it('is not printed when it may be a secret', () => {
    const message = refusal({ env: { OTEL_EXPORTER_OTLP_HEADERS: 'hunter2' } });
    assert.doesNotMatch(message, /hunter2/);
    assert.match(message, /telemetry\.otlp\.headers .*not shown/);
  });

  it('is reported together with every other one', () => {
    const file = fileWith('capture: 5\nhealth:\n  listenPort: many\n');
    assert.match(
      refusal({ file, env: { OTEL_LOGS_EXPORTER: 'x' } }),
      /3 settings are wrong\n.*capture .*\n.*listenPort .*\n.*exporter /,
    );
  });
});

describe('a configuration file', () => {
  it('that does not exist is refused by name', () => {
    assert.match(refusal({ file: join(folder, 'absent.yaml') }), /failed to read .*absent\.yaml: ENOENT/);
  });

  it('that is no YAML is refused with the place', () => {
    assert.match(refusal({ file: fileWith('telemetry: [\n') }), /failed to parse .*memwarden\.yaml:2:1: /);
  });

  it('is not quoted when it does not parse, because the line may hold a secret', () => {
    const message = refusal({ file: fileWith('telemetry:\n  otlp:\n    headers: {key: "hunter2\n') });
    assert.doesNotMatch(message, /hunter2/);
  });

  it('that says one key twice is refused', () => {
    assert.match(refusal({ file: fileWith('health: {}\nhealth: {}\n') }), /Map keys must be unique/);
  });

  it('that is a list is refused', () => {
    assert.match(refusal({ file: fileWith('- telemetry\n') }), /the file is not a mapping/);
  });
});

describe('an impossible combination', () => {
  it('is the raw event without a filter', () => {
    assert.match(
      refusal({ env: { MEMWARDEN_DETECT_EVENTS: 'security_file_open' } }),
      /pass --allow-unfiltered/,
    );
    assert.match(refusal({ env: { MEMWARDEN_DETECT_EVENTS: 'base' } }), /pass --allow-unfiltered/);
  });

  it('is not the raw event with a filter, or without one on purpose', () => {
    const env = { MEMWARDEN_DETECT_EVENTS: 'default,security_file_open' };
    assert.ok(loadSettings({ env: { ...env, MEMWARDEN_DETECT_FILE_OPEN_PREFIXES: '/etc/' } }));
    assert.ok(loadSettings({ env: { ...env, MEMWARDEN_DETECT_FILE_OPEN_ALLOW_UNFILTERED: 'true' } }));
  });

  it('is a filter for a raw event that is not selected', () => {
    assert.match(refusal({ env: { MEMWARDEN_DETECT_FILE_OPEN_NAMES: 'shadow' } }), /has no effect/);
  });

  it('is half a client certificate', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c:4317', OTEL_EXPORTER_OTLP_CLIENT_KEY: '/key.pem' };
    assert.match(refusal({ env }), /mutual TLS needs both/);
  });

  it('is a certificate for an endpoint without encryption', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317', OTEL_EXPORTER_OTLP_CERTIFICATE: '/ca.pem' };
    assert.match(refusal({ env }), /the endpoint is not encrypted/);
  });

  it('is readable output for a collector', () => {
    assert.match(refusal({ env: { MEMWARDEN_TELEMETRY_PRETTY: 'true' } }), /OTEL_LOGS_EXPORTER=console/);
  });
});

describe('a text in a file', () => {
  it('stays as it was written, in headers, lists and names, whatever YAML makes of it', () => {
    const file = fileWith(`telemetry:
  resource:
    serviceName: 0123
    clusterName: 1.10
  otlp:
    headers: {x-id: 0123, x-count: 1_000, x-hex: 0x1f, x-big: 9007199254740993, x-word: yes, 007: bond}
detect:
  events: [default, security_file_open]
  fileOpen:
    names: [1e3, 2026-11-25, on]
`);
    const { telemetry, detect } = loadSettings({ file });
    assert.equal(telemetry.resource.serviceName, '0123');
    assert.equal(telemetry.resource.clusterName, '1.10');
    assert.deepEqual(telemetry.otlp.headers, {
      'x-id': '0123',
      'x-count': '1_000',
      'x-hex': '0x1f',
      'x-big': '9007199254740993',
      'x-word': 'yes',
      '007': 'bond',
    });
    assert.deepEqual(detect.fileOpen.names, ['1e3', '2026-11-25', 'on']);
  });

  it('is needed: a header or an entry of a list without a value is refused', () => {
    assert.match(
      refusal({ file: fileWith('telemetry:\n  otlp:\n    headers: {x-id: }\n') }),
      /headers .*:3:5\)/,
    );
    assert.match(refusal({ file: fileWith('detect:\n  fileOpen:\n    names: [a, ~]\n') }), /names .*:3:5\)/);
  });

  it('is never lost for its name: what cannot be kept is refused', () => {
    const file = fileWith('telemetry:\n  otlp:\n    headers: {constructor: b, toString: c}\n');
    assert.deepEqual(loadSettings({ file }).telemetry.otlp.headers, { constructor: 'b', toString: 'c' });
    assert.match(
      refusal({ file: fileWith('telemetry:\n  otlp:\n    headers: {__proto__: a}\n') }),
      /headers /,
    );
    assert.match(refusal({ env: { OTEL_EXPORTER_OTLP_HEADERS: 'a=b,__proto__=c' } }), /headers /);
  });

  it('is what numbers and switches are read from, as from the environment', () => {
    const settings = loadSettings({ file: fileWith('health:\n  enabled: False\n  listenPort: 9465\n') });
    assert.equal(settings.health.listenPort, 9465);
    assert.equal(settings.health.enabled, false);
    for (const port of ['0x24F9', '1e3', '9_465', '9465.0', '.inf']) {
      assert.match(refusal({ file: fileWith(`health:\n  listenPort: ${port}\n`) }), /is not allowed/, port);
    }
  });
});

describe('a merged mapping', () => {
  it('gives what the mapping itself has not, the first of several winning, and says where', () => {
    const file = fileWith(`telemetry:
  otlp:
    <<: [{compression: gzip, timeoutMillis: 5}, {timeoutMillis: 6, insecure: true}]
    compression: none
`);
    const { settings, origins } = loadConfiguration({ file });
    const { compression, timeoutMillis, insecure } = settings.telemetry.otlp;
    assert.deepEqual(
      { compression, timeoutMillis, insecure },
      { compression: 'none', timeoutMillis: 5, insecure: true },
    );
    assert.match(origins.get('telemetry.otlp.insecure') ?? '', /:3:68$/);
  });
});
