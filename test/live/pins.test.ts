import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MountNamespace } from './mount-namespace.ts';
import { whyNotLive } from './requirements.ts';
import { Service } from './service.ts';

const OPEN_PINS = fileURLToPath(new URL('open-pins.program.ts', import.meta.url));
const PIN_PLACES = fileURLToPath(new URL('pin-places.program.ts', import.meta.url));

const LIMIT_MILLIS = 120_000;
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const WITHOUT_MOUNTING = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin'];
/** A mount point that other users may write in, as some machines have it. */
const SHARED_MOUNT = 'mount -t bpf bpf /sys/fs/bpf';

const LOCK = `
import fcntl, os, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
fd = os.open(sys.argv[1], os.O_RDONLY)
fcntl.flock(fd, fcntl.LOCK_EX)
if sys.argv[2] == 'orphan' and os.fork():
    os._exit(0)
print('locked', flush=True)
os.read(3, 1)
`;

/** Locks a folder as an ordinary user, until the test is over. @param how `orphan`: the process that locked it has ended */
async function lockAsNobody(
  t: TestContext,
  { prefix }: MountNamespace,
  path: string,
  how: 'itself' | 'orphan',
): Promise<void> {
  const [program = '', ...words] = [...prefix, 'python3', '-c', LOCK, path, how];
  const locker = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
  const closed = once(locker, 'close');
  t.after(() => {
    // not stdin, which Node.js closes at the end of the first of the two processes
    locker.stdio[3]?.destroy();
    return closed;
  });
  const [said] = await Promise.race([once(locker.stdout ?? locker, 'data'), closed]);
  assert.match(String(said), /locked/);
}

/** A sidecar that has no pins and captures nevertheless, and what it logs about that. */
async function startsUnpinned(service: Service, prefix: readonly string[] = []): Promise<string> {
  const sidecar = await service.start({}, prefix);
  await service.seesAnAccess();
  await sidecar.stop();
  const sentence = sidecar.diagnostics
    .split('\n')
    .find(line => line.includes('what happens while no sidecar runs will not be seen'));
  assert.ok(sentence !== undefined, sidecar.diagnostics);
  return sentence;
}

/** What doctor reports about pin paths, without its test of the hooks. */
function pinPlaces({ prefix }: MountNamespace, paths: readonly string[]): Record<string, string> {
  const [program = '', ...words] = [...prefix, process.execPath, PIN_PLACES, ...paths];
  const places: object = JSON.parse(execFileSync(program, words, { encoding: 'utf8' }));
  return Object.fromEntries(Object.entries(places).map(([path, place]) => [path, JSON.stringify(place)]));
}

function isPins(name: string): boolean {
  return name.startsWith('pins-');
}

// each in a mount namespace of its own, and about its own actors
suite('where a sidecar pins', { skip: whyNotLive(), concurrency: 2 }, () => {
  test('it mounts a BPF file system if there is none, which doctor says before and detach takes away', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const service = await Service.create(t);
    const { namespace, pinPath } = service;
    assert.match(
      (await service.run(['doctor'])).output,
      /ok +BPF file system +there is none on \/sys\/fs\/bpf; memwarden run mounts one/,
    );
    assert.deepEqual(namespace.bpfMounts, [], 'doctor has mounted it');

    const sidecar = await service.start();
    assert.match(sidecar.diagnostics, /INFO +capture: mounted a BPF file system on \/sys\/fs\/bpf/);
    assert.equal(namespace.bpfMounts.length, 1);
    assert.match(namespace.bpfMounts[0] ?? '', /^\/sys\/fs\/bpf memwarden .*mode=700/);
    assert.equal(lstatSync(namespace.seen('/sys/fs/bpf')).mode & 0o777, 0o700);
    assert.equal(lstatSync(namespace.seen(pinPath)).mode & 0o777, 0o700);
    await sidecar.stop();

    assert.match(
      (await service.run(['doctor'])).output,
      /ok +BPF file system +\/sys\/fs\/bpf, mounted by memwarden; memwarden has a folder in it/,
    );
    const { status, output } = await service.detach();
    assert.equal(status, 0);
    assert.match(output, /removed [1-9]\d* programs from \/sys\/fs\/bpf\/memwarden/);
    assert.match(output, /unmounted \/sys\/fs\/bpf, which memwarden had mounted/);
    assert.deepEqual(namespace.bpfMounts, []);
    assert.match((await service.detach()).output, /^nothing is pinned in \/sys\/fs\/bpf\/memwarden\n$/);
  });

  test('it mounts one file system for all sidecars that start at once', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const namespace = await MountNamespace.create(t);
    const directory = mkdtempSync(join(tmpdir(), 'memwarden-pins-'));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const places = Array.from({ length: 40 }, (_, round) => join(directory, String(round)));
    for (const place of places) mkdirSync(place);
    const start = String(Date.now() + 2_000);
    const [program = '', ...words] = [...namespace.prefix, process.execPath, OPEN_PINS, start, ...places];
    const ends = ['first', 'second'].map(() => once(spawn(program, words, { stdio: 'inherit' }), 'exit'));
    assert.deepEqual(await Promise.all(ends), [
      [0, null],
      [0, null],
    ]);
    for (const place of places) assert.equal(readdirSync(namespace.seen(place)).filter(isPins).length, 2);
    assert.equal(namespace.bpfMounts.length, places.length);
  });

  test('it mounts one although an ordinary user holds a lock on the mount point', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const service = await Service.create(t);
    await lockAsNobody(t, service.namespace, '/sys/fs/bpf', 'itself');
    await (await service.start()).stop();
    assert.equal(service.namespace.bpfMounts.length, 1);
    assert.ok(existsSync(service.namespace.seen(service.pinPath)));
  });

  test('detach leaves the mount while another program has pins in it', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const service = await Service.create(t);
    await (await service.start()).stop();
    service.namespace.sh('mkdir /sys/fs/bpf/other');
    const { status, output } = await service.detach();
    assert.equal(status, 0);
    assert.match(output, /left \/sys\/fs\/bpf, which memwarden had mounted: other programs have pins in it/);
    assert.equal(service.namespace.bpfMounts.length, 1);

    service.namespace.sh('rmdir /sys/fs/bpf/other');
    assert.match((await service.detach()).output, /nothing is pinned.*\nunmounted \/sys\/fs\/bpf/);
  });

  test('detach leaves a file system that others mounted', { timeout: LIMIT_MILLIS }, async t => {
    const service = await Service.create(t);
    service.namespace.sh(SHARED_MOUNT);
    await (await service.start()).stop();
    assert.match((await service.detach()).output, /^removed [1-9]\d* programs .*\n$/);
    assert.equal(service.namespace.bpfMounts.length, 1);
  });

  test('it warns, and captures without pins, where it may not mount', { timeout: LIMIT_MILLIS }, async t => {
    const service = await Service.create(t);
    assert.match(
      (await service.run(['doctor'], WITHOUT_MOUNTING)).output,
      /warn +BPF file system +there is none on \/sys\/fs\/bpf, and to mount one takes CAP_SYS_ADMIN/,
    );
    assert.match(
      await startsUnpinned(service, WITHOUT_MOUNTING),
      /WARN .*\/sys\/fs\/bpf is not on a BPF file system .*EPERM/,
    );
    assert.deepEqual(service.namespace.bpfMounts, []);
  });

  test('it does not mount over a folder that is not empty, or that others use', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const service = await Service.create(t);
    const { namespace } = service;
    const inside = (name: string) => join(service.directory, name);
    for (const [name, mode] of Object.entries({ empty: 0o755, shared: 0o1777, spool: 0o700, full: 0o700 }))
      mkdirSync(inside(name), { mode: mode & 0o777 });
    namespace.sh(`chmod 1777 ${inside('shared')}; touch ${inside('full/file')}`);
    const places: Readonly<Record<string, RegExp>> = {
      [inside('full/pins')]: /full is not on a BPF file system, and none is mounted over it: it is not empty/,
      [inside('shared/pins')]: /none is mounted over it: other users may write in it/,
      [inside('missing/pins')]: /missing\/pins: ENOENT/,
      '/sys/pins': /none is mounted over it: it is not empty/,
    };
    const found = pinPlaces(namespace, Object.keys(places));
    for (const [place, reason] of Object.entries(places)) assert.match(found[place] ?? '', reason);
    const sidecar = await service.start({ MEMWARDEN_CAPTURE_PIN_PATH: inside('spool/pins') });
    await sidecar.stop();
    // the file for the records is created before anything is mounted
    assert.match(sidecar.diagnostics, /WARN .*spool is not on a BPF file system.* not empty/);
    assert.deepEqual(service.namespace.bpfMounts, []);

    await (await service.start({ MEMWARDEN_CAPTURE_PIN_PATH: inside('empty/pins') })).stop();
    assert.match(service.namespace.bpfMounts.join(), /\/empty memwarden/);
  });

  /** What an ordinary user does on a mount that is writable for all, and the message about it. */
  const intrusions: readonly (readonly [what: string, script: string, why: RegExp])[] = [
    ['a folder', 'mkdir /sys/fs/bpf/memwarden', /memwarden belongs to uid 65534, not to uid 0/],
    [
      'an open folder',
      'mkdir /sys/fs/bpf/memwarden; chmod 777 /sys/fs/bpf/memwarden',
      /memwarden belongs to uid 65534, not to uid 0/,
    ],
    [
      'a link',
      'ln -s /sys/fs/bpf/theirs /sys/fs/bpf/memwarden',
      /memwarden belongs to uid 65534, not to uid 0/,
    ],
  ];
  for (const [what, script, why] of intrusions) {
    test(`it refuses ${what} of another user with a message, and captures`, {
      timeout: LIMIT_MILLIS,
    }, async t => {
      const service = await Service.create(t);
      const { namespace, pinPath } = service;
      namespace.sh(`${SHARED_MOUNT}; mkdir -m 700 /sys/fs/bpf/theirs`);
      namespace.sh(script, ...NOBODY);
      const before = lstatSync(namespace.seen(pinPath));

      const sentence = await startsUnpinned(service);
      assert.match(sentence, /^\S+ ERROR capture: /);
      assert.match(sentence, why);
      assert.match(sentence, /try: look at what it is, then rm -r \/sys\/fs\/bpf\/memwarden/);
      const after = lstatSync(namespace.seen(pinPath));
      assert.deepEqual([after.ino, after.uid, after.mode], [before.ino, before.uid, before.mode]);
      assert.deepEqual(readdirSync(namespace.seen('/sys/fs/bpf/theirs')), []);

      const refused = await service.detach();
      assert.equal(refused.status, 3);
      assert.match(refused.output, why);
      assert.match(pinPlaces(namespace, [pinPath])[pinPath] ?? '', why);
    });
  }

  for (const [how, who] of [
    ['itself', /is locked by process \d+ of uid 65534/],
    ['orphan', /is locked by a process that got it from process \d+, which has ended/],
  ] as const) {
    test(`it refuses its own folder while another user has it locked (${how}), and captures`, {
      timeout: LIMIT_MILLIS,
    }, async t => {
      const service = await Service.create(t);
      service.namespace.sh(`${SHARED_MOUNT}; mkdir -m 755 /sys/fs/bpf/memwarden`);
      await lockAsNobody(t, service.namespace, service.pinPath, how);
      const sentence = await startsUnpinned(service);
      assert.match(sentence, /^\S+ ERROR capture: /);
      assert.match(sentence, who);
    });
  }

  test('it refuses a path on which another user can replace a folder', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const service = await Service.create(t);
    const { namespace } = service;
    namespace.sh(
      `${SHARED_MOUNT}; mkdir -m 777 /sys/fs/bpf/shared; mkdir -m 700 /sys/fs/bpf/theirs /sys/fs/bpf/root`,
    );
    namespace.sh('ln -s root /sys/fs/bpf/rootlink');
    namespace.sh('mkdir /sys/fs/bpf/own; ln -s /sys/fs/bpf/theirs /sys/fs/bpf/link', ...NOBODY);
    const ways: Readonly<Record<string, RegExp>> = {
      '/sys/fs/bpf/shared/pins':
        /refused: other users may rename and remove what is in \/sys\/fs\/bpf\/shared/,
      '/sys/fs/bpf/own/pins': /refused: \/sys\/fs\/bpf\/own belongs to uid 65534/,
      '/sys/fs/bpf/link/pins': /refused: \/sys\/fs\/bpf\/link belongs to uid 65534/,
      '/sys/fs/bpf/rootlink/pins': /"kind":"ready"/,
    };
    const found = pinPlaces(namespace, Object.keys(ways));
    for (const [place, why] of Object.entries(ways)) assert.match(found[place] ?? '', why);
    const sidecar = await service.start({ MEMWARDEN_CAPTURE_PIN_PATH: '/sys/fs/bpf/shared/pins' });
    await sidecar.stop();
    assert.match(sidecar.diagnostics, /ERROR capture: what happens while no sidecar runs will not be seen/);
    assert.deepEqual(readdirSync(namespace.seen('/sys/fs/bpf/shared')), []);
  });

  test('it removes the permissions of others from its own folder, and takes over its pins', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const service = await Service.create(t);
    const { namespace, pinPath } = service;
    namespace.sh(SHARED_MOUNT);
    await (await service.start()).stop();
    namespace.sh(`chmod 755 ${pinPath} ${pinPath}/*`);
    const sidecar = await service.start();
    await sidecar.stop();
    assert.match(sidecar.diagnostics, /file_open: \w+, taken over/);
    const folders = [pinPath, ...readdirSync(namespace.seen(pinPath)).map(name => join(pinPath, name))];
    for (const folder of folders) assert.equal(lstatSync(namespace.seen(folder)).mode & 0o777, 0o700, folder);
  });

  test('it does not take over a pin of another user in its folder', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const service = await Service.create(t);
    const { namespace, pinPath } = service;
    namespace.sh(`${SHARED_MOUNT}; mkdir -m 700 ${pinPath}; chmod 777 ${pinPath}`);
    namespace.sh(`mkdir ${pinPath}/maps-0123456789abcdef`, ...NOBODY);
    assert.match(
      await startsUnpinned(service),
      /ERROR .*could be written in by other users, and is not empty/,
    );
    namespace.sh(`chmod 700 ${pinPath}`);
    assert.match(await startsUnpinned(service), /ERROR .*maps-0123456789abcdef belongs to uid 65534/);
  });
});
