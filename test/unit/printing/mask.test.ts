import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maskEndpoint, maskUrls } from '../../../src/printing/mask.ts';
import { endpointsWith, spellingsOf } from './spellings.ts';

const SECRET = 'Zk7.s3cret-qP9';

describe('an endpoint, masked', () => {
  for (const [name, endpoint] of Object.entries(endpointsWith(SECRET, '127.0.0.1:9')))
    it(`shows no secret: ${name}`, () => {
      const shown = maskEndpoint(endpoint);
      for (const spelling of spellingsOf(SECRET)) assert.ok(!shown.includes(spelling), shown);
    });

  it('shows what helps to find a mistake: scheme, host, port, path and the keys of a query', () => {
    assert.equal(
      maskEndpoint('htps://user:pw@c.example:4317/v1/logs?api-key=k&sig=s#f'),
      'htps://[secret]@c.example:4317/v1/logs?api-key=[secret]&sig=[secret]#[secret]',
    );
    for (const plain of [
      'http://localhost:4318/v1/logs',
      'collector:4317',
      '[::1]:4317',
      'https://[fe80::1%eth0]:4317/',
      'unix:/run/otel.sock',
      'ftp://collector',
    ])
      assert.equal(maskEndpoint(plain), plain);
  });

  it('shows no token in a path', () => {
    assert.equal(
      maskEndpoint('https://h/receiver/v1/http/ZaVnC4dhaV3x1h2j3k4=='),
      'https://h/receiver/v1/http/[secret]',
    );
  });
});

describe('a text, masked', () => {
  it('keeps the sentence around each URL', () => {
    assert.equal(
      maskUrls('failed to reach "https://u:p@h:1", (http://u:p@i) and u:p@j:2: connect https://k:4317: no'),
      'failed to reach "https://[secret]@h:1", (http://[secret]@i) and [secret]@j:2: connect https://k:4317: no',
    );
  });

  it('leaves the places of a stack trace, addresses and plain words alone', () => {
    for (const plain of [
      'at a (file:///srv/node_modules/@grpc/grpc-js/a.js:1:2)',
      'at b (/srv/node_modules/@grpc/grpc-js/b.js:3:4)',
      'connect ECONNREFUSED 127.0.0.1:4317',
      'write to someone@example.org, or not?',
      'see https://attack.mitre.org/techniques/T1003/007/.',
    ])
      assert.equal(maskUrls(plain), plain);
  });

  it('changes nothing when it is done twice', () => {
    for (const endpoint of Object.values(endpointsWith(SECRET, '127.0.0.1:9'))) {
      const once = maskUrls(`the endpoint ${endpoint} is wrong`);
      assert.equal(maskUrls(once), once);
    }
  });
});
