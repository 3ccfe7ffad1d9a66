// An error that the API answers, or that there was no answer of it, as a program of the user's gets it.
import { catalogue } from '../errors.ts';

/** What the API could or would not do. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** Of the answer; 0 where there was none. */
  readonly status: number;
  /** One of docs/errors.md; E_API_DOWN where it was not drover that answered, or nobody. */
  readonly code: string;
  /** What is at fault, such as `urls.3`. */
  readonly field: string | undefined;
  readonly advice: string;
  /** By which the server's log names the call. */
  readonly requestId: string | undefined;
  /** When the server wants to be asked again, from now on. */
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

/** Of a problem document a reader needs no more than this. */
const MOST_SHOWN = 2000;

/** Nobody answered, or not to the end. */
export function noAnswer(detail: string, cause?: unknown): ApiError {
  const { means, advice } = catalogue.E_API_DOWN;
  return new ApiError({ status: 0, code: 'E_API_DOWN', detail: `${means} ${detail}`, advice }, { cause });
}

/** The error that an answer stands for: its problem document, or, where something else answered, its status. */
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
