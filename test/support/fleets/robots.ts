// The rules of robots.txt as the processes of a fleet have them, and a server that counts who asks for the
// file.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { failure } from '../../../src/errors.ts';
import { fleetOf } from '../../../src/fleet.ts';
import { createRobots, type Robots, type RobotsFetch, type RobotsParts } from '../../../src/robots/robots.ts';
import type { Fleets } from '../fleets.ts';

let namespaces = 0;

interface Site {
  origin: string;
  /** What was asked for, in order. */
  asked: string[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

export async function site(context: TestContext, answer: Site['answer']): Promise<Site> {
  const listener = createServer((request, response) => {
    found.asked.push(request.url ?? '');
    found.answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  context.after(() => {
    listener.closeAllConnections();
    listener.close();
  });
  const found: Site = {
    origin: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    asked: [],
    answer,
  };
  return found;
}

export const says =
  (text: string, status = 200): Site['answer'] =>
  (_, response) => {
    response.writeHead(status).end(text);
  };

export async function fetchRobots(url: string): Promise<RobotsFetch> {
  try {
    const response = await fetch(url);
    return { kind: 'answer', status: response.status, body: await response.bytes() };
  } catch (error) {
    return { kind: 'unreachable', cause: failure('E_CONNECT_REFUSED', String(error)) };
  }
}

/** Several instances with one namespace are a fleet. */
export function openRobots(
  fleets: Fleets,
  namespace = `{robots:${namespaces++}}`,
): (more?: Partial<RobotsParts>) => Robots {
  const fleet = fleetOf(fleets.redis, namespace);
  return (more) => createRobots({ fleet, productToken: 'drover', nowMs: Date.now, ...more });
}

export const rules = 'User-agent: *\nDisallow: /private\nCrawl-delay: 2\nSitemap: /s.xml\n';
