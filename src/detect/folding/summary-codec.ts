import { ENRICHED_EVENT } from '../../enrich/event-codec.ts';
import type { Detection, Severity, Signature } from '../detection.ts';

/** A summary as it is saved, in JSON. The match is left out: decoding calls the signature on the event again. */
interface SavedSummary {
  readonly name: string;
  readonly event: unknown;
  readonly severity: Severity;
  readonly exception?: string;
  readonly count: number;
  readonly firstUnixNs: string;
  readonly lastUnixNs: string;
}

/** @param summary a detection with `repeat` */
export function encodeSummary({ definition, event, severity, exception, repeat }: Detection): Uint8Array {
  // the details have the command line, which was made of the arguments and is redacted
  const withoutArguments = { ...event, actor: { ...event.actor, arguments: [] } };
  const saved: SavedSummary = {
    name: definition.eventName,
    event: ENRICHED_EVENT.encode(withoutArguments),
    severity,
    count: repeat?.count ?? 0,
    firstUnixNs: String(repeat?.firstUnixNs ?? 0n),
    lastUnixNs: String(repeat?.lastUnixNs ?? 0n),
    ...(exception === undefined ? {} : { exception }),
  };
  return Buffer.from(JSON.stringify(saved));
}

/**
 * @param signatures all signatures of this version
 * @returns undefined when the summary's signature is not among them or no longer matches
 * @throws SyntaxError, TypeError for bytes that are not a summary
 */
export function decodeSummary(bytes: Uint8Array, signatures: readonly Signature[]): Detection | undefined {
  const saved = JSON.parse(Buffer.from(bytes).toString('utf8')) as SavedSummary;
  const event = ENRICHED_EVENT.decode(saved.event, 'a saved summary');
  const signature = signatures.find(({ definition }) => definition.eventName === saved.name);
  const match = signature?.match(event);
  if (signature === undefined || match === undefined) return undefined;
  return {
    definition: signature.definition,
    severity: saved.severity,
    match,
    event,
    repeat: {
      count: saved.count,
      firstUnixNs: BigInt(saved.firstUnixNs),
      lastUnixNs: BigInt(saved.lastUnixNs),
    },
    ...(saved.exception === undefined ? {} : { exception: saved.exception }),
  };
}
