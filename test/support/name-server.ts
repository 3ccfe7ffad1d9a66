// A DNS server on loopback (RFC 1035 section 4.1). A test decides what it answers; it keeps the questions.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An answer: addresses of IPv4 and IPv6, a response code of RFC 1035, or none at all (silent). */
export type ZoneAnswer =
  | { addresses: string[]; ttlSeconds?: number }
  | 'nxdomain'
  | 'servfail'
  | 'refused'
  | 'silent';

export interface NameServer {
  /** 127.0.0.1:PORT, as in the setting dnsServers. */
  readonly address: string;
  /** The questions in order, each as "A example.test". */
  readonly questions: string[];
  close(): void;
}

const responseCodes = { nxdomain: 3, servfail: 2, refused: 5 };
const typeNames: Record<number, string> = { 1: 'A', 28: 'AAAA' };

/**
 * Starts the server. `answer` is called for each question. `count` is the number of questions for this name
 * and type so far, including this one.
 */
export async function startNameServer(
  answer: (name: string, type: 'A' | 'AAAA', count: number) => ZoneAnswer,
): Promise<NameServer> {
  const questions: string[] = [];
  const socket = createSocket('udp4', (query, peer) => {
    const { name, type, end } = readQuestion(query);
    const question = `${type} ${name}`;
    questions.push(question);
    const count = questions.filter((asked) => asked === question).length;
    const given = answer(name, type, count);
    if (given !== 'silent') socket.send(replyTo(query, end, type, given), peer.port, peer.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { address: `127.0.0.1:${socket.address().port}`, questions, close: () => void socket.close() };
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
): Buffer {
  const found =
    typeof answer === 'string' ? [] : answer.addresses.filter((a) => isIPv4(a) === (type === 'A'));
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180 | (typeof answer === 'string' ? responseCodes[answer] : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(found.length, 6);
  const ttlSeconds = typeof answer === 'string' ? 0 : (answer.ttlSeconds ?? 60);
  return Buffer.concat([header, query.subarray(12, questionEnd), ...found.map((a) => record(a, ttlSeconds))]);
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
