import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  keepSecret,
  keepSecretsOfEndpoint,
  keepSecretsOfHeader,
  keepSecretsOfHeaderPair,
  keepSecretsOfHeaders,
  withoutSecrets,
} from '../../../src/printing/secrets.ts';
import { endpointsWith, spellingsOf } from './spellings.ts';

test('the secret of an endpoint is hidden wherever it comes back, in whatever spelling', () => {
  for (const [index, name] of Object.keys(endpointsWith('', '')).entries()) {
    const secret = `Qx${index}.s3cret-wR`;
    keepSecretsOfEndpoint(endpointsWith(secret, '127.0.0.1:9')[name] ?? '');
    // that of a user's name and a password together has its own test: here the secret may be the name
    const spellings = spellingsOf(secret).filter(text => !text.startsWith('dXNlcj'));
    for (const spelling of spellings)
      assert.ok(
        !withoutSecrets(`connect to «${spelling}» failed`).includes(spelling),
        `${name}: ${spelling}`,
      );
  }
});

test('the value of a header is hidden, with and without the name of its scheme, and both halves of Basic', () => {
  keepSecretsOfHeaders('authorization=Bearer%20t0ken-of-bearer,x-key=k3y-of-x');
  keepSecretsOfEndpoint('https://user:pa55word-in-url@host');
  const basic = Buffer.from('user:pa55word-in-url').toString('base64');
  assert.equal(withoutSecrets(`authorization: Basic ${basic}`), 'authorization: Basic [secret]=');
  keepSecretsOfHeader(`Basic ${Buffer.from('someone:b4sic-password').toString('base64')}`);
  const text = withoutSecrets('Bearer t0ken-of-bearer, Bearer%20t0ken-of-bearer, k3y-of-x, b4sic-password');
  assert.equal(text, '[secret], [secret], [secret], [secret]');
});

test('of headers, words that say whose the records are stay readable; what may be a credential does not', () => {
  keepSecretsOfHeaders('x-env=production,x-scope-orgid=team-a,x-region=eu%2Dnorth,x-note=two words of it');
  keepSecretsOfHeaderPair('x-stages=production, staging');
  const text = 'production team-a eu-north x-scope-orgid=team-a two words of it staging';
  assert.equal(withoutSecrets(text), text);
  const credentials = {
    'authorization=Bearer t0k.1,x-env=production': 't0k.1',
    'x-api-key=k3y.2': 'k3y.2',
    '%58-Session-ID=s1d.3': 's1d.3',
    'x-honeycomb-team=aaaabbbbccccdddd': 'aaaabbbbccccdddd',
    'x-team=Splunk%20t0k.4': 't0k.4',
    'authorization=Bearer t0k.5,r3st.5': 'r3st.5',
    'x-env=production,t0k.6': 't0k.6',
  };
  for (const [headers, credential] of Object.entries(credentials)) {
    keepSecretsOfHeaders(headers);
    assert.equal(withoutSecrets(`of ${credential} and production`), 'of [secret] and production', headers);
  }
});

test('in one header a comma ends nothing', () => {
  keepSecretsOfHeaderPair('authorization=Digest username="x", response="d1g3st.7"');
  assert.equal(withoutSecrets('got d1g3st.7'), 'got [secret]');
});

test('a token in the place of the name of a header is hidden', () => {
  keepSecretsOfHeaders('Bearer t0ken-for-name==');
  assert.equal(withoutSecrets('header "Bearer t0ken-for-name" is wrong'), 'header "[secret]" is wrong');
});

test('words of every message, short texts and numbers of ours are left', () => {
  keepSecret('memwarden', 'abc', '12345', 'secret', 'true', '7654321');
  const text = 'memwarden abc 12345 [secret] {"ready":true,"process.pid":7654321,"n":[7654321]}';
  assert.equal(withoutSecrets(text), text);
  assert.equal(withoutSecrets('code 7654321 is wrong'), 'code [secret] is wrong');
});

test('a short secret is hidden as a word alone', () => {
  keepSecret('pw4x');
  assert.equal(withoutSecrets('someone:pw4x@h apw4xb %40pw4x'), 'someone:[secret]@h apw4xb %40[secret]');
});

test('the oldest secrets are forgotten, and the newest are not', () => {
  for (let index = 0; index < 600; index++) keepSecret(`rotated-token-${index}-`);
  assert.equal(withoutSecrets('rotated-token-599-'), '[secret]');
  assert.equal(withoutSecrets('rotated-token-0-'), 'rotated-token-0-');
});
