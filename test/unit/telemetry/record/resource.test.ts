import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { createResource, withCaptureHook } from '../../../../src/telemetry/record/resource.ts';

test('the resource names the service and the host', () => {
  const { attributes } = withCaptureHook(createResource({}), 'file_open=lsm,ptrace=lsm');
  assert.equal(attributes['service.name'], 'memwarden');
  assert.match(String(attributes['service.instance.id']), /^[0-9a-f-]{36}$/);
  assert.equal(attributes['host.name'], hostname());
  assert.equal(attributes['os.type'], 'linux');
  assert.equal(attributes['memwarden.capture.hook'], 'file_open=lsm,ptrace=lsm');
});

test('host.id is the machine id', t => {
  let machineId: string;
  try {
    machineId = readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return t.skip('this host has no /etc/machine-id');
  }
  if (machineId === '') return t.skip('/etc/machine-id is empty');
  assert.equal(createResource({}).attributes['host.id'], machineId);
});

test('attributes that are not given are absent', () => {
  const { attributes } = createResource({});
  for (const name of ['k8s.node.name', 'k8s.cluster.name', 'memwarden.capture.hook']) {
    assert.equal(name in attributes, false, name);
  }
});

test('OTEL_RESOURCE_ATTRIBUTES adds and overrides, percent-decoded', () => {
  const { attributes } = createResource({
    attributes: 'deployment.environment.name=prod, team=a%2Cb%3Dc ,host.name=node-1',
    nodeName: 'node-1',
  });
  assert.equal(attributes['deployment.environment.name'], 'prod');
  assert.equal(attributes['team'], 'a,b=c');
  assert.equal(attributes['host.name'], 'node-1');
  assert.equal(attributes['k8s.node.name'], 'node-1');
});

test('OTEL_SERVICE_NAME wins over service.name of OTEL_RESOURCE_ATTRIBUTES, which wins over the default', () => {
  assert.equal(createResource({ attributes: 'service.name=b' }).attributes['service.name'], 'b');
  assert.equal(
    createResource({ serviceName: 'a', attributes: 'service.name=b' }).attributes['service.name'],
    'a',
  );
});

test("the sidecar's own process and container are never in the resource", () => {
  const { attributes } = createResource({ attributes: 'process.pid=1,container.id=abc,x=y' });
  for (const name of Object.keys(attributes)) assert.doesNotMatch(name, /^(process|container)\./);
  assert.equal(attributes['x'], 'y');
});

for (const text of ['novalue', '=x', 'a=%zz']) {
  test(`resource attributes "${text}" stop the start with an error that quotes the invalid part`, () => {
    assert.throws(() => createResource({ attributes: `good=1,${text}` }), {
      code: 'CONFIG_INVALID',
      message: /is not key=value/,
    });
  });
}
