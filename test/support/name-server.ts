// A DNS server on loopback (RFC 1035 section 4.1). A test decides what it answers; it keeps the questions.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * An answer: addresses of IPv4 and IPv6 (`truncated`: only over TCP), a response code of RFC 1035, none at
 * all (silent), one with another id, or octets that are no answer.
 */
export type ZoneAnswer =
  | { addresses: string[]; ttlSeconds?: number; truncated?: boolean }
  | 'wrong-id'
  | 'garbage'
  | 'nxdomain'
  | 'servfail'
  | 'refused'
  | 'silent';

export interface NameServer {
  /** 127.0.0.1:PORT, as in the setting dnsServers. */
  readonly address: string;
  /** The questions in order, each as "A example.test". */
  readonly questions: string[];
  /** Those that came over TCP, in the same form; they are in `questions` too. */
  readonly overTcp: string[];
  close(): void;
}

const responseCodes = { nxdomain: 3, servfail: 2, refused: 5 };
/**
 * The SOA record that goes with a negative answer (RFC 2308): owner is the root; time to live and minimum are
 * 60 s.
 */
const startOfAuthority = Buffer.from(
  [
    '00',
    '0006',
    '0001',
    '0000003c',
    '0016',
    '00',
    '00',
    '00000001',
    '00000e10',
    '00000e10',
    '00000e10',
    '0000003c',
  ].join(''),
  'hex',
);
const typeNames: Record<number, string> = { 1: 'A', 28: 'AAAA' };

/**
 * Starts the server. `answer` is called for each question. `count` is the number of questions for this name
 * and type so far, including this one.
 */
export async function startNameServer(
  answer: (name: string, type: 'A' | 'AAAA', count: number) => ZoneAnswer,
): Promise<NameServer> {
  const questions: string[] = [];
  const overTcp: string[] = [];
  const replyOf = (query: Buffer, isTcp: boolean): Buffer | null => {
    const { name, type, end } = readQuestion(query);
    const question = `${type} ${name}`;
    questions.push(question);
    if (isTcp) overTcp.push(question);
    const count = questions.filter((asked) => asked === question).length;
    const given = answer(name, type, count);
    return given === 'silent' ? null : replyTo(query, end, type, given, isTcp);
  };
  const tcp = createServer((connection) => {
    connection.on('error', () => undefined);
    connection.on('data', (message) => {
      const reply = replyOf(message.subarray(2), true);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply?.length ?? 0);
      if (reply) connection.write(Buffer.concat([length, reply]));
    });
  });
  const socket = createSocket('udp4', (query, peer) => {
    const reply = replyOf(query, false);
    if (reply) socket.send(reply, peer.port, peer.address);
  });
  tcp.listen(0, '127.0.0.1').unref();
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  const close = () => {
    socket.close();
    tcp.close();
  };
  return { address: `127.0.0.1:${port}`, questions, overTcp, close };
}

function readQuestion(query: Buffer): { name: string; type: 'A' | 'AAAA'; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  const type = typeNames[query.readUInt16BE(at + 1)] as 'A' | 'AAAA';
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

function replyTo(
  query: Buffer,
  questionEnd: number,
  type: 'A' | 'AAAA',
  answer: Exclude<ZoneAnswer, 'silent'>,
  isTcp: boolean,
): Buffer {
  if (answer === 'garbage') return Buffer.concat([query.subarray(0, 2), Buffer.alloc(60, 0xc1)]);
  const isTruncated = typeof answer === 'object' && answer.truncated === true && !isTcp;
  const found =
    typeof answer === 'string' || isTruncated
      ? []
      : answer.addresses.filter((a) => isIPv4(a) === (type === 'A'));
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  if (answer === 'wrong-id') header.writeUInt16BE(query.readUInt16BE(0) ^ 0xffff, 0);
  const code = typeof answer === 'string' && answer !== 'wrong-id' ? responseCodes[answer] : 0;
  header.writeUInt16BE(0x8180 | (isTruncated ? 0x200 : 0) | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(found.length, 6);
  const negative = answer === 'nxdomain' ? [startOfAuthority] : [];
  header.writeUInt16BE(negative.length, 8);
  const ttlSeconds = typeof answer === 'string' ? 0 : (answer.ttlSeconds ?? 60);
  const records = [...found.map((a) => record(a, ttlSeconds)), ...negative];
  return Buffer.concat([header, query.subarray(12, questionEnd), ...records]);
}

function record(address: string, ttlSeconds: number): Buffer {
  const bytes = Buffer.from(ipaddr.parse(address).toByteArray());
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0); // a reference to the name in the question
  head.writeUInt16BE(bytes.length === 4 ? 1 : 28, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttlSeconds, 6);
  head.writeUInt16BE(bytes.length, 10);
  return Buffer.concat([head, bytes]);
}
