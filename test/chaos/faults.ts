import { status } from '@grpc/grpc-js';
import type { Fault } from './faulty-collector.ts';
import { retryInfo } from './retry-info.ts';

/** Ways in which a collector fails without having taken the records. */
export const FAULTS: readonly (readonly [name: string, fault: Fault])[] = [
  ['answers UNAVAILABLE', { kind: 'status', code: status.UNAVAILABLE }],
  [
    'answers RESOURCE_EXHAUSTED with RetryInfo',
    { kind: 'status', code: status.RESOURCE_EXHAUSTED, trailer: retryInfo() },
  ],
  ['answers UNAUTHENTICATED', { kind: 'status', code: status.UNAUTHENTICATED }],
  ['answers garbage', { kind: 'answer', body: Buffer.from('<html>nothing here</html>'), keeps: false }],
  ['never answers', { kind: 'silence' }],
];

/** ExportLogsServiceResponse.partial_success { rejected_log_records: 2 } */
export const REJECTS_TWO: Fault = { kind: 'answer', body: Buffer.from([0x0a, 2, 0x08, 2]), keeps: true };
