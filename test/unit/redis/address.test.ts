// What each form of an address of Redis means, and what is refused with which words.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { DroverError } from '../../../src/errors.ts';
import { parseRedisAddress, type RedisPlace } from '../../../src/redis/address.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const local = { host: 'localhost', port: 6379 };
const meant: [string, RedisPlace][] = [
  ['redis://', local],
  ['redis://localhost', local],
  ['REDIS://h:1/2', { host: 'h', port: 1, db: 2 }],
  ['valkey://h/', { host: 'h', port: 6379 }],
  ['redis://[::1]:7/0', { host: '::1', port: 7, db: 0 }],
  ['redis://app:pw@h', { host: 'h', port: 6379, username: 'app', password: 'pw' }],
  ['redis://:pw@h', { host: 'h', port: 6379, password: 'pw' }],
  ['redis://app@h', { host: 'h', port: 6379, username: 'app' }],
  ['redis://:p%40%C3%A9@h', { host: 'h', port: 6379, password: 'p@é' }],
  ['redis://:100%@h', { host: 'h', port: 6379, password: '100%' }],
  ['redis://:%zz%E9@h', { host: 'h', port: 6379, password: '%zz%E9' }],
  ['redis://:a#b/c?d@e@h:9/3', { host: 'h', port: 9, db: 3, password: 'a#b/c?d@e' }],
  ['redis://:a:b@h', { host: 'h', port: 6379, password: 'a:b' }],
  ['redis://h?username=app&password=p%26w@x', { host: 'h', port: 6379, username: 'app', password: 'p&w@x' }],
  ['redis://h?db=4&family=6', { host: 'h', port: 6379, db: 4, family: 6 }],
  ['rediss://h', { host: 'h', port: 6379, tls: { servername: 'h' } }],
  ['rediss://127.0.0.1', { host: '127.0.0.1', port: 6379, tls: {} }],
  [
    'rediss://10.0.0.1?servername=redis.example',
    { host: '10.0.0.1', port: 6379, tls: { servername: 'redis.example' } },
  ],
  [
    'redis+sentinel://app:p%2Cw@a,b:26380,[::1]/mymaster/3?sentinelusername=s&sentinelpassword=x',
    {
      through: {
        kind: 'sentinel',
        servers: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 26_380 },
          { host: '::1', port: 26_379 },
        ],
        name: 'mymaster',
        username: 's',
        password: 'x',
      },
      db: 3,
      username: 'app',
      password: 'p,w',
    },
  ],
  [
    'valkeys+sentinel://:a/b@c@h/m',
    {
      through: { kind: 'sentinel', servers: [{ host: 'h', port: 26_379 }], name: 'm' },
      password: 'a/b@c',
      tls: {},
    },
  ],
  [
    'redis+cluster://:pw@a:7000,b/0',
    {
      through: {
        kind: 'cluster',
        servers: [
          { host: 'a', port: 7000 },
          { host: 'b', port: 6379 },
        ],
      },
      password: 'pw',
    },
  ],
  ['unix:/run/r.sock', { path: '/run/r.sock' }],
  ['unix:///run/r.sock?db=3', { path: '/run/r.sock', db: 3 }],
  ['UNIX:/a%3Fb%23c?username=app&password=pw', { path: '/a?b#c', username: 'app', password: 'pw' }],
  ['unix://app:p%2Fw@localhost/r.sock', { path: '/r.sock', username: 'app', password: 'p/w' }],
];

test('an address means what it says: host, port, database, login, TLS, socket', () => {
  for (const [url, place] of meant) assert.deepEqual(parseRedisAddress(url), place, url);
});

const refused: [string, RegExp][] = [
  ['http://:s3cret@h', /must be redis:/],
  ['redis:h', /must be redis:/],
  ['localhost:6379', /must be redis:/],
  ['redis://:s3cret@h:99999', /port/],
  ['redis://:s3cret@h:x', /must be redis:/],
  ['redis://:s3cret@a,b', /several servers.*redis\+sentinel/],
  ['redis+sentinel://:s3cret@a,b', /must name the primary/],
  ['redis+sentinel://:s3cret@a:0/m', /port/],
  ['redis+cluster://:s3cret@a/1', /only database 0/],
  ['redis+cluster://:s3cret@a?cacert=/ca.pem', /cacert.*need rediss/],
  ['redis+other://:s3cret@a', /must be redis:/],
  ['redis://h?sentinelpassword=s3cret', /for redis\+sentinel/],
  ['redis://h?servername=x', /servername.*need rediss/],
  ['redis://:s3cret@h/x', /database must be a number/],
  ['redis://h/1?db=2', /database twice/],
  ['redis://h?db=1&db=2', /option db is given twice/],
  ['redis://h?keyPrefix=a', /no option keyPrefix/],
  ['redis://h?lazyConnect=true', /no option lazyConnect/],
  ['unix:/r.sock?keyPrefix=a', /no option keyPrefix/],
  ['unix:/r.sock?db=x', /database must be a number/],
  ['unix:/r.sock?family=4', /family/],
  ['unix:r.sock', /must be redis:/],
  ['redis://:s3cret@h?password=s3cret', /password twice/],
  ['redis://h?family=5', /family/],
  ['redis://[h]', /IPv6/],
  ['redis://h?cacert=/ca.pem', /cacert.*need rediss/],
  ['rediss://h?cert=/nowhere.pem', /both cert and key/],
  ['rediss://h?cacert=/nowhere.pem', /cacert: ENOENT/],
];

test('what cannot be honoured is refused by name, and no message repeats the password', () => {
  for (const [url, words] of refused) {
    assert.throws(
      () => parseRedisAddress(url),
      (error) => {
        assert.ok(error instanceof DroverError, url);
        assert.equal(error.code, 'E_SETTING', url);
        assert.match(error.message, words, url);
        assert.doesNotMatch(error.message, /s3cret/);
        return true;
      },
      url,
    );
  }
});

test('the files of TLS are read', async () => {
  const path = join(await temporaryDirectory('address'), 'ca.pem');
  writeFileSync(path, 'a CA');
  assert.deepEqual(parseRedisAddress(`rediss://h?cacert=${path}&cert=${path}&key=${path}`).tls, {
    ca: Buffer.from('a CA'),
    cert: Buffer.from('a CA'),
    key: Buffer.from('a CA'),
    servername: 'h',
  });
});
