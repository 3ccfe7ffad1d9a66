// Types for the package html-encoding-sniffer, which has none of its own.
declare module 'html-encoding-sniffer' {
  /** The name of the encoding. If none is found, `defaultEncoding` is returned unchanged. */
  export default function sniffHtmlEncoding(
    bytes: Uint8Array,
    options?: {
      xml?: boolean;
      transportLayerEncodingLabel?: string;
      defaultEncoding?: string;
      maxPrescanBytes?: number;
    },
  ): string;
}
