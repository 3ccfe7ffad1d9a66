// Words for the machine on which a benchmark ran.
import { cpus, release, totalmem } from 'node:os';

/** Such as "2 × Intel(R) Xeon(R) Processor, 25 GB, Linux 6.1.0, Node v24.21.0". */
export function machineWords(): string {
  const memory = `${(totalmem() / 1e9).toFixed(0)} GB`;
  return `${cpus().length} × ${cpus()[0]?.model}, ${memory}, Linux ${release()}, Node ${process.version}`;
}
