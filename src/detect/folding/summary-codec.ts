import { ENRICHED_EVENT } from '../../enrich/event-codec.ts';
import type { Detection, Severity, Signature } from '../detection.ts';

/** A summary as it is kept: what the signature says of the event is found again when it is read. */
interface Kept {
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
  // the command line has been taken from them, and redacted
  const withoutArguments = { ...event, actor: { ...event.actor, arguments: [] } };
  const kept: Kept = {
    name: definition.eventName,
    event: ENRICHED_EVENT.encode(withoutArguments),
    severity,
    count: repeat?.count ?? 0,
    firstUnixNs: String(repeat?.firstUnixNs ?? 0n),
    lastUnixNs: String(repeat?.lastUnixNs ?? 0n),
    ...(exception === undefined ? {} : { exception }),
  };
  return Buffer.from(JSON.stringify(kept));
}

/**
 * @param signatures among which that of the summary is looked for
 * @returns undefined when it is not there any more
 * @throws SyntaxError, TypeError for bytes that are no summary
 */
export function decodeSummary(bytes: Uint8Array, signatures: readonly Signature[]): Detection | undefined {
  const kept = JSON.parse(Buffer.from(bytes).toString('utf8')) as Kept;
  const event = ENRICHED_EVENT.decode(kept.event, 'a kept summary');
  const signature = signatures.find(({ definition }) => definition.eventName === kept.name);
  const match = signature?.match(event);
  if (signature === undefined || match === undefined) return undefined;
  return {
    definition: signature.definition,
    severity: kept.severity,
    match,
    event,
    repeat: {
      count: kept.count,
      firstUnixNs: BigInt(kept.firstUnixNs),
      lastUnixNs: BigInt(kept.lastUnixNs),
    },
    ...(kept.exception === undefined ? {} : { exception: kept.exception }),
  };
}
