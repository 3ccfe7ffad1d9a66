// Makes a hop over HTTP/2 where its host speaks that, and over HTTP/1.1 where it does not.
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import { isIP } from 'node:net';
import type { AgentPair } from '../connection/agent.ts';
import type { Drive, GotSession } from '../connection/drive.ts';
import type { HopStream, Unprocessed } from '../connection/hop-parts.ts';
import type { IdleSockets } from '../connection/idle-sockets.ts';
import type { Hop } from '../hop.ts';
import { hostOf, portOf, type Target } from '../target.ts';
import { headersOver1, headOver1, sentHeaders } from './heads.ts';
import type { HostPlace, SharedSession } from './session.ts';
import { HostSessions } from './sessions.ts';

export interface Carried {
  readonly hop: Hop;
  readonly target: Target;
  readonly agents: AgentPair;
  readonly idle: IdleSockets;
  readonly drive: Drive;
}

/** Drives the hop as soon as it is known how. The hop has its time limits from the call on. */
export function carry({ hop, target, agents, idle, drive }: Carried): void {
  agents.sessions ??= new HostSessions(agents, idle);
  (agents.sessions as HostSessions).want(placeOf(target), {
    hop,
    onSession(session) {
      const stream = new CarriedHop(hop, target, session);
      hop.stream = stream;
      drive(hop, target, stream.forGot());
    },
    onFirst(socket) {
      hop.ready = socket;
      drive(hop, target);
    },
  });
}

/** As node:https has it: a Host header decides for which name the certificate must be. */
function placeOf({ url, headers }: Target): HostPlace {
  const name = headers.host === undefined ? hostOf(url) : headers.host.replace(/:\d*$/, '');
  return { host: hostOf(url), port: portOf(url), servername: isIP(name.replace(/^\[|\]$/g, '')) ? '' : name };
}

/** The codes of RFC 9113 section 7, by their names. */
const names = [
  ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT'],
  ...['STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR'],
  ...['CONNECT_ERROR', 'ENHANCE_YOUR_CALM', 'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED'],
];
/** One side has sent what the other cannot read. */
const ofProtocol = new Set(['PROTOCOL_ERROR', 'FLOW_CONTROL_ERROR', 'FRAME_SIZE_ERROR', 'COMPRESSION_ERROR']);

/** A hop on its stream. */
class CarriedHop implements HopStream {
  unprocessed: Unprocessed | null = null;
  isStale = false;
  readonly #hop: Hop;
  readonly #target: Target;
  readonly #session: SharedSession;
  readonly #isFirst: boolean;
  #sent: OutgoingHttpHeaders | null = null;
  #stream: ClientHttp2Stream | null = null;
  #error: NodeJS.ErrnoException | null = null;
  #isAnswered = false;
  #isReleased = false;

  constructor(hop: Hop, target: Target, session: SharedSession) {
    this.#hop = hop;
    this.#target = target;
    this.#session = session;
    this.#isFirst = session.sent === 0 && session.streams === 1;
  }

  get address(): string | null {
    return this.#session.address;
  }

  /** What got takes for a session. The headers are the hop's, not got's. */
  forGot(): GotSession {
    const request: GotSession['request'] = (_headers, options) => this.#send(options ?? {});
    return { request } as GotSession;
  }

  #send(options: Parameters<SharedSession['request']>[1]): ClientHttp2Stream {
    this.#sent = sentHeaders(this.#target);
    if (!this.#session.isOpen) {
      this.#setUnprocessed();
      throw lost();
    }
    if (!this.#hop.sendOn(this)) throw lost();
    this.#stream = this.#session.request(this.#sent, options);
    // This listener comes before got's, which makes an error of its own.
    this.#stream.once('error', (error) => {
      this.#error = error;
    });
    return this.#stream;
  }

  onSent(sent: () => void): void {
    // The stream is made when this returns.
    process.nextTick(() => this.#stream?.once('finish', sent));
  }

  shape(response: IncomingMessage): void {
    this.#isAnswered = true;
    this.#session.answered++;
    response.headers = headersOver1(response.rawHeaders);
    response.statusMessage = STATUS_CODES[response.statusCode ?? 0] ?? '';
    response.socket = this.#session.socket;
  }

  sentHead(): string {
    return this.#sent ? headOver1(this.#sent) : '';
  }

  errorOf(error: Error): Error {
    if (this.#stream === null) return error;
    const session = this.#session;
    const { rstCode = 0, id = 0 } = this.#stream;
    const code = names[rstCode] ?? String(rstCode);
    // The other: Node's parser could not go on with the whole session.
    const isUnread = ofProtocol.has(code) || this.#error?.code === 'ERR_HTTP2_ERROR';
    if (isUnread || code === 'HTTP_1_1_REQUIRED') session.preferFirst();
    if (this.#isAnswered) return resetBy(code, session);
    if (code === 'REFUSED_STREAM' || (session.goaway && id > session.goaway.lastId)) {
      this.#setUnprocessed();
      if (session.isOpen) session.narrow();
    } else if (code === 'HTTP_1_1_REQUIRED') {
      this.unprocessed = 'no room';
    } else if (isUnread) {
      this.isStale = true; // it is asked for again over HTTP/1.1
      return coded(`HTTP2_${ofProtocol.has(code) ? code : 'ERROR'}`);
    } else if (code === 'ENHANCE_YOUR_CALM' && session.isOpen) {
      return coded('HPE_HEADER_OVERFLOW'); // Node's word for a head that is too large
    } else if (code === 'CANCEL' || !session.isOpen) {
      this.isStale = !this.#isFirst && !session.goaway?.code;
    }
    return resetBy(code, session);
  }

  /** Where a session has answered, others make progress, and so will this hop. */
  #setUnprocessed(): void {
    const { answered, isOpen } = this.#session;
    this.unprocessed = answered > 0 && !isOpen ? 'closed' : 'no room';
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#session.leave();
  }
}

function resetBy(code: string, { isOpen, goaway }: SharedSession): Error {
  if (goaway?.code) return coded(`GOAWAY ${names[goaway.code] ?? goaway.code}`);
  return !isOpen || code === 'CANCEL' ? lost() : coded(`RST_STREAM ${code}`);
}

const lost = () => coded('ECONNRESET');

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}
