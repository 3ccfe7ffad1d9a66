// What `before` of a handler changes about the request that is sent.
import { failure } from '../errors.ts';
import { requestSchema } from '../request.ts';
import type { RequestChanges } from './define.ts';
import { HandlerFault } from './verdicts.ts';

/** The changes of two handlers: the latter's count, and headers of both are sent. */
export function joinChanges(former: RequestChanges, latter: RequestChanges): RequestChanges {
  return { ...former, ...latter, headers: { ...former.headers, ...latter.headers } };
}

/** Throws a HandlerFault for what are no changes of a request. */
export function checkedChanges(changes: unknown): RequestChanges {
  const parsed = changesSchema.safeParse(changes);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || 'the value';
  throw new HandlerFault(
    failure('E_HANDLER_REQUEST', `before returned ${field}: ${issue?.message ?? 'wrong'}.`),
  );
}

const changesSchema = requestSchema.pick({ headers: true, body: true, timeouts: true });
