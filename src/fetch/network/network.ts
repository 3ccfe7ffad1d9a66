// What the settings of the network change of a connection: where it begins, and its TLS.
import { isIP } from 'node:net';
import tls from 'node:tls';
import { type NamedHost, readNamedHost } from '../../config/network-forms.ts';
import type { Guard } from '../guard.ts';
import { LocalAddress } from './local-address.ts';
import type { NetworkSettings } from './settings.ts';
import { type ClientCertificate, readAuthorities, readClientCertificates } from './tls-files.ts';

/** The options of one TLS connection that differ from those of all others. */
export interface TlsChoice {
  readonly secureContext?: tls.SecureContext;
  readonly rejectUnauthorized?: false;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

export class Network {
  readonly #local: LocalAddress | null;
  readonly #authorities: readonly string[];
  readonly #certificates: readonly ClientCertificate[];
  readonly #contexts = new Map<ClientCertificate | null, tls.SecureContext>();
  readonly #unverified: readonly NamedHost[];

  /** Throws E_FILE and E_SETTING. */
  constructor({ interface: from, ca, clientCert, clientKey, insecure }: NetworkSettings) {
    this.#local = from === null ? null : new LocalAddress(from);
    const own = readAuthorities(ca);
    this.#authorities = own.length === 0 ? own : [...tls.getCACertificates('default'), ...own];
    this.#certificates = readClientCertificates(clientCert, clientKey);
    this.#unverified = insecure.map(readNamedHost);
  }

  /**
   * The local address of a connection to this address. Undefined: the system chooses. Null: no connection can
   * be made, as the interface has no address of this family.
   */
  localAddressFor(address: string): string | null | undefined {
    return this.#local?.of(isIP(address) === 6 ? 6 : 4);
  }

  /** The interface or address that connections begin at, as the operator named it. */
  get interfaceName(): string {
    return this.#local?.name ?? '';
  }

  /** Trusts what the settings say, and shows no certificate of a client. */
  secureContext(): tls.SecureContext {
    return this.#contextWith(null);
  }

  /**
   * A certificate that names hosts is shown to these alone; one that names none, only to the hosts that the
   * guard knows by name: the seeds'.
   */
  tlsFor(place: Place, guard: Guard): TlsChoice {
    const named = this.#certificates.find(({ of }) => of !== null && isAt(of, place));
    const certificate =
      named ?? this.#certificates.find(({ of }) => of === null && guard.names(place.host, place.port));
    return {
      ...(certificate ? { secureContext: this.#contextWith(certificate) } : {}),
      ...(this.#unverified.some((host) => isAt(host, place)) ? { rejectUnauthorized: false } : {}),
    };
  }

  #contextWith(certificate: ClientCertificate | null): tls.SecureContext {
    const known = this.#contexts.get(certificate);
    if (known) return known;
    const made = tls.createSecureContext({
      ...(this.#authorities.length > 0 ? { ca: [...this.#authorities] } : {}),
      ...(certificate ? { cert: certificate.cert, key: certificate.key } : {}),
    });
    this.#contexts.set(certificate, made);
    return made;
  }
}

/** Null when the settings change nothing. Throws E_FILE and E_SETTING. */
export function networkOf(settings: NetworkSettings | null | undefined): Network | null {
  if (!settings) return null;
  const { interface: from, ca, clientCert, clientKey, insecure } = settings;
  const isPlain = from === null && [ca, clientCert, clientKey, insecure].every(({ length }) => length === 0);
  return isPlain ? null : new Network(settings);
}

function isAt({ host, port }: NamedHost, place: Place): boolean {
  return host === place.host.toLowerCase().replace(/\.$/, '') && (port === null || port === place.port);
}
