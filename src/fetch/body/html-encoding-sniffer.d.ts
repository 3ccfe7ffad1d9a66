// The package brings no types of its own.
declare module 'html-encoding-sniffer' {
  /** The name of the encoding, or `defaultEncoding` as it was given. */
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
