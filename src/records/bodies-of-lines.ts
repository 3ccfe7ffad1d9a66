// Lines of records, as segments have them, without the bodies of the records.
import { LineHead } from './line.ts';

const newline = 0x0a;
const withoutBody = Buffer.from('"body":null}');

/** Whether one of these whole lines has a body. */
export function haveBodies(lines: Buffer): boolean {
  for (const line of eachLine(lines)) if (!isBare(line)) return true;
  return false;
}

/** The lines with `body` null; all else of them is as it was, and so is a line that cannot be read. */
export function withoutBodies(lines: Buffer): Buffer {
  const head = new LineHead();
  const kept: Buffer[] = [];
  for (const line of eachLine(lines)) {
    if (isBare(line) || !head.read(line, 0, line.length - 1)) {
      kept.push(line);
      continue;
    }
    const record = JSON.parse(line.toString('utf8', head.jsonStart));
    kept.push(
      line.subarray(0, head.jsonStart),
      Buffer.from(`${JSON.stringify({ ...record, body: null })}\n`),
    );
  }
  return Buffer.concat(kept);
}

/** Each line with its newline. */
function* eachLine(lines: Buffer): Generator<Buffer> {
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(newline, start) + 1;
    yield lines.subarray(start, end);
    start = end;
  }
}

function isBare(line: Buffer): boolean {
  return line.subarray(-1 - withoutBody.length, -1).equals(withoutBody);
}
