// The error that a program gets when the API answers with an error or does not answer.
import { catalogue } from '../errors.ts';

/** A call of the API that failed. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** Status of the answer; 0 without an answer. */
  readonly status: number;
  /**
   * One of the codes in docs/errors.md; E_API_DOWN when nobody answered, or something other than drover did.
   */
  readonly code: string;
  /** The field at fault, such as `urls.3`. */
  readonly field: string | undefined;
  readonly advice: string;
  /** Names the call in the server's log. */
  readonly requestId: string | undefined;
  /** Time that the server wants the client to wait, counted from now; null when it names none. */
  readonly retryAfterMs: number | null;

  constructor(problem: Problem, options: ErrorOptions & { retryAfterMs?: number | null } = {}) {
    super(problem.detail, options);
    this.status = problem.status;
    this.code = problem.code;
    this.field = problem.field;
    this.advice = problem.advice;
    this.requestId = problem.requestId;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

interface Problem {
  status: number;
  code: string;
  detail: string;
  advice: string;
  field?: string;
  requestId?: string;
}

/** Most characters read of an answer that is not a problem document. */
const MOST_SHOWN = 2000;

/** The error for a call without an answer, or with one that broke off. */
export function noAnswer(detail: string, cause?: unknown): ApiError {
  const { means, advice } = catalogue.E_API_DOWN;
  return new ApiError({ status: 0, code: 'E_API_DOWN', detail: `${means} ${detail}`, advice }, { cause });
}

/**
 * The error for an answer: from its problem document or, when something other than drover answered, from its
 * status.
 */
export async function errorOfAnswer(answer: Response): Promise<ApiError> {
  const text = await answer.text().catch(() => '');
  const retryAfterMs = secondsOf(answer.headers.get('retry-after'));
  const problem = parsed(text);
  const status = answer.status;
  if (typeof problem?.code === 'string') {
    const { code, detail = '', advice = '', field, requestId } = problem;
    return new ApiError({ status, code, detail, advice, field, requestId }, { retryAfterMs });
  }
  const { means, advice } = catalogue.E_API_DOWN;
  const detail = `${means} Status ${status}: ${text.slice(0, MOST_SHOWN).replace(/\s+/g, ' ').slice(0, 200)}`;
  return new ApiError({ status, code: 'E_API_DOWN', detail, advice }, { retryAfterMs });
}

function parsed(text: string): Partial<Problem> | null {
  try {
    return JSON.parse(text) as Partial<Problem> | null;
  } catch {
    return null;
  }
}

function secondsOf(header: string | null): number | null {
  return header !== null && /^\d+$/.test(header) ? Number(header) * 1000 : null;
}
