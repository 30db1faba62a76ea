import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { createProgram } from '../../../src/cli/program.ts';
import { EXIT } from '../../../src/service/exit-codes.ts';
import { temporaryDirectory } from '../../temporary-directory.ts';
import { memwarden, memwardenAsNobody } from './cli.ts';

const folder = temporaryDirectory({ after });

function fileWith(text: string): string {
  const path = join(folder, 'memwarden.yaml');
  writeFileSync(path, text);
  return path;
}

/** The commands that do something themselves. */
function leaves(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

describe('memwarden', () => {
  it('shows its help on stdout, with examples and the exit status', () => {
    const { status, stdout } = memwarden(['--help']);
    assert.equal(status, EXIT.ok);
    assert.match(stdout, /Examples:\n {2}sudo memwarden/);
    assert.match(stdout, /Exit status:/);
  });

  it('gives every command a description, and a help with examples in 80 columns', () => {
    for (const command of leaves(createProgram({ env: {}, finish: () => {} }))) {
      let help = '';
      command.configureOutput({ writeOut: text => (help += text), getOutHelpWidth: () => 80 }).outputHelp();
      assert.notEqual(command.description(), '', command.name());
      assert.match(help, /Examples:\n {2}.*memwarden/, command.name());
      const long = help.split('\n').filter(line => line.length > 80);
      assert.deepEqual(long, [], command.name());
    }
  });

  it('refuses an unknown command and names the one that was meant', () => {
    const { status, stdout, stderr } = memwarden(['doctr']);
    assert.equal(status, EXIT.usage);
    assert.equal(stdout, '');
    assert.match(stderr, /unknown command 'doctr'\n\(Did you mean doctor\?\)/);
  });

  it('refuses an unknown flag and names the one that was meant', () => {
    const { status, stderr } = memwarden(['run', '--pretti']);
    assert.equal(status, EXIT.usage);
    assert.match(stderr, /Did you mean --pretty\?/);
  });
});

describe('memwarden run', () => {
  it('does not start with a wrong setting, and reports which, where, and what is allowed', () => {
    const { status, stdout, stderr } = memwarden(['--exporter', 'file']);
    assert.equal(status, EXIT.usage);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /telemetry\.exporter \(--exporter\): "file" is not allowed; allowed: otlp, console, none/,
    );
  });

  it('does not start on a key of --set that is no setting', () => {
    const { status, stderr } = memwarden(['--set', 'health.prt=1']);
    assert.equal(status, EXIT.usage);
    assert.match(stderr, /health\.prt \(--set\): no such setting/);
  });

  it('does not start on the raw event without a filter', () => {
    const { status, stderr } = memwarden(['--events', 'security_file_open']);
    assert.equal(status, EXIT.usage);
    assert.match(stderr, /--allow-unfiltered/);
  });

  it('names the missing capabilities and how to grant them to an ordinary user', t => {
    if (process.getuid?.() !== 0) return t.skip('needs root, to become an ordinary user');
    const { status, stderr } = memwardenAsNobody(['run', '--exporter', 'console']);
    assert.equal(status, EXIT.kernel);
    assert.match(stderr, /missing CAP_BPF .* and CAP_PERFMON/);
    assert.match(stderr, /sudo.*AmbientCapabilities=CAP_BPF CAP_PERFMON.*--cap-add BPF/s);
  });
});

describe('memwarden signatures', () => {
  it('prints a table that names each event once', () => {
    const { status, stdout } = memwarden(['signatures']);
    assert.equal(status, EXIT.ok);
    assert.equal(stdout.match(/^TRC-1023 +proc_mem_access +HIGH +T1003\.007 /gm)?.length, 1);
  });

  it('prints the whole catalogue as one JSON array', () => {
    const definitions: unknown = JSON.parse(memwarden(['signatures', '--json']).stdout);
    assert.ok(Array.isArray(definitions));
    assert.equal(definitions.length, 11);
    assert.equal(definitions[0].mitre.stixId, 'attack-pattern--3120b9fa-23b8-4500-ae73-09494f607b7d');
  });
});

describe('memwarden config show', () => {
  it('prints a file that validates, with the origin of what was set', () => {
    const { status, stdout } = memwarden(['config', 'show'], { OTEL_SERVICE_NAME: 'guard' });
    assert.equal(status, EXIT.ok);
    assert.match(stdout, /serviceName: guard # OTEL_SERVICE_NAME/);
    assert.equal(memwarden(['config', 'validate', fileWith(stdout)]).status, EXIT.ok);
  });

  it('never prints the value of a header or a password in an endpoint', () => {
    const env = {
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=hunter2',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://user:hunter3@collector:4317',
    };
    for (const format of [[], ['--json']]) {
      const { stdout, stderr } = memwarden(['config', 'show', ...format], env);
      assert.doesNotMatch(stdout + stderr, /hunter/);
      const { telemetry } = parse(stdout);
      assert.equal(telemetry.otlp.headers['api-key'], '[secret]');
      assert.equal(telemetry.otlp.endpoint, 'https://[secret]@collector:4317');
    }
  });

  it('reads the file that MEMWARDEN_CONFIG names', () => {
    const env = { MEMWARDEN_CONFIG: fileWith('health:\n  listenPort: 0\n') };
    assert.equal(JSON.parse(memwarden(['config', 'show', '--json'], env).stdout).health.listenPort, 0);
  });
});

describe('memwarden config validate', () => {
  it('accepts a good file', () => {
    const { status, stderr } = memwarden(['config', 'validate', fileWith('health:\n  enabled: false\n')]);
    assert.equal(status, EXIT.ok);
    assert.match(stderr, /memwarden\.yaml: valid, 1 setting over the defaults/);
  });

  it('refuses a bad file with line and column', () => {
    const { status, stderr } = memwarden([
      'config',
      'validate',
      fileWith('health:\n  enabled: yes please\n'),
    ]);
    assert.equal(status, EXIT.usage);
    assert.match(stderr, /health\.enabled \(.*memwarden\.yaml:2:3\): "yes please" is not allowed/);
  });
});

describe('memwarden doctor', () => {
  it('reports to an ordinary user what is missing, and tries no hook', t => {
    if (process.getuid?.() !== 0) return t.skip('needs root, to become an ordinary user');
    const { status, stdout } = memwardenAsNobody(['doctor', '--json', '--exporter', 'none']);
    assert.equal(status, EXIT.kernel);
    const checks: unknown = JSON.parse(stdout);
    assert.ok(Array.isArray(checks));
    const failed = checks.filter(check => check.status === 'failed').map(check => check.name);
    assert.deepEqual(failed, ['capabilities', 'hooks']);
  });
});
