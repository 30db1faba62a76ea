import { printable } from '../../printing/printable.ts';
import { ECS, MEMWARDEN, OTEL } from '../../telemetry/record/attributes.ts';
import type { ConsoleRecord } from './console-record.ts';

/** The attributes that the sentence of a record does not have, one group a line; a group without values is left out. */
export function details({ attributes }: ConsoleRecord): readonly string[] {
  const of = (name: string) => textOf(attributes[name]);
  const lines: [label: string, words: readonly (string | undefined)[]][] = [
    [
      'actor',
      [
        of(OTEL.PROCESS_EXECUTABLE_PATH),
        labelled('pid', of(OTEL.PROCESS_PID)),
        user(of(OTEL.PROCESS_USER_NAME), of(OTEL.PROCESS_USER_ID)),
        labelled('container', of(OTEL.CONTAINER_ID)?.slice(0, 12)),
      ],
    ],
    ['', [of(OTEL.PROCESS_COMMAND_LINE)]],
    ['started by', [of(MEMWARDEN.ANCESTORS)]],
    [
      'target',
      [
        of(MEMWARDEN.TARGET_EXECUTABLE_PATH),
        labelled('pid', of(MEMWARDEN.TARGET_PID)),
        user(undefined, of(MEMWARDEN.TARGET_USER_ID)),
        labelled('container', of(MEMWARDEN.TARGET_CONTAINER_ID)?.slice(0, 12)),
      ],
    ],
    ['', [of(MEMWARDEN.TARGET_COMMAND_LINE)]],
    ['file', [of(OTEL.FILE_PATH), of('flags')]],
    [
      'memory',
      [
        of(MEMWARDEN.MEMORY_ADDRESS),
        of(MEMWARDEN.MEMORY_PROTECTION),
        labelled('was', of(MEMWARDEN.MEMORY_PREVIOUS_PROTECTION)),
      ],
    ],
    ['access', [of(MEMWARDEN.ACCESS_METHOD), of(MEMWARDEN.ACCESS_MODE), bytes(of(MEMWARDEN.ACCESS_BYTES))]],
    ['outcome', [of(ECS.EVENT_OUTCOME), of(OTEL.ERROR_TYPE)]],
    [
      'technique',
      [
        of(ECS.THREAT_SUBTECHNIQUE_ID) ?? of(ECS.THREAT_TECHNIQUE_ID),
        of(ECS.THREAT_SUBTECHNIQUE_NAME) ?? of(ECS.THREAT_TECHNIQUE_NAME),
      ],
    ],
    ['exception', [of(MEMWARDEN.EXCEPTION)]],
  ];
  return lines.flatMap(([label, words]) => {
    const known = words.filter(word => word !== undefined);
    return known.length === 0 ? [] : [`${label.padEnd(10)}  ${printable(known.join(' · '))}`];
  });
}

function textOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.join(' ← ');
  return value === undefined || value === '' ? undefined : String(value);
}

function labelled(label: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : `${label} ${text}`;
}

function bytes(count: string | undefined): string | undefined {
  return count === undefined ? undefined : `${count} bytes`;
}

function user(name: string | undefined, id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  return name === undefined ? `uid ${id}` : `${name} (uid ${id})`;
}
