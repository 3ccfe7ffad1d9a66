// A proxy before an S3 server that spoils every third answer, until it is healed.
import { createServer, request, type ServerResponse } from 'node:http';
import { until } from '../signals.ts';

export interface FaultyProxy {
  readonly endpoint: string;
  /** How many requests came. */
  asked(): number;
  /** How many answers were spoilt. */
  spoilt(): number;
  /** Resolves when the server has done the next put, whose answer is held back with all that follow. */
  holdNext(): Promise<void>;
  letGo(): void;
  heal(): void;
  stop(): Promise<void>;
}

/** The faults in turn: 500 without doing it, SlowDown, 500 though it was done, and a cut connection. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  let [asked, count, spoilt, isIll] = [0, 0, 0, true];
  let held: (() => void)[] | null = null;
  const fail = (outgoing: ServerResponse, status: number, code: string) => {
    outgoing.writeHead(status);
    outgoing.end(`<Error><Code>${code}</Code></Error>`);
  };
  const server = createServer((incoming, outgoing) => {
    asked++;
    const fault = isIll && ++count % 3 === 0 ? spoilt++ % 4 : -1;
    if (fault === 0) return fail(outgoing, 500, 'InternalError');
    if (fault === 1) return fail(outgoing, 503, 'SlowDown');
    const { method, headers } = incoming;
    const sent = request(target + incoming.url, { method, headers }, (answer) => {
      const go = () => {
        if (fault === 2) return answer.resume().on('end', () => fail(outgoing, 500, 'InternalError'));
        if (fault === 3) return answer.resume().on('end', () => outgoing.destroy());
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        return answer.pipe(outgoing);
      };
      if (held && (method === 'PUT' || held.length > 0)) held.push(go);
      else setTimeout(go, isIll ? 30 : 0);
    });
    sent.on('error', () => outgoing.destroy());
    incoming.pipe(sent);
  }).listen(0, '127.0.0.1');
  await until(() => server.listening, { what: 'listening' });
  const { port } = server.address() as { port: number };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    asked: () => asked,
    spoilt: () => spoilt,
    async holdNext() {
      held = [];
      await until(() => (held?.length ?? 0) > 0, { what: 'a put' });
    },
    letGo() {
      const waiting = held ?? [];
      held = null;
      for (const go of waiting) go();
    },
    heal() {
      isIll = false;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
