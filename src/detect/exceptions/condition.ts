import { type CelEnv, CelScalar, celEnv, celMethod, isCelError, parse, plan, run } from '@bufbuild/cel';
import { RE2JS } from '@bufbuild/re2';
import { LRUCache } from 'lru-cache';
import { matchesGlob } from './glob.ts';
import { type Expr, ExpressionTypeError, TypeChecker } from './type-checker.ts';
import { type Bindings, VARIABLES } from './variables.ts';

/** A compiled condition. */
export interface Condition {
  /**
   * It uses only variables of the two processes and of their relation, so its result can be cached for them (see
   * RulesByProcess).
   */
  readonly aboutProcesses: boolean;
  /** @throws {Error} when it cannot be evaluated on these values: division by zero, index out of range. */
  test(bindings: Bindings): boolean;
}

/** Why a condition cannot be used, and at which character of its text. */
export class ConditionError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'ConditionError';
    this.offset = offset;
  }
}

const PATTERNS_MAX = 256;

const patterns = new LRUCache<string, RE2JS>({ max: PATTERNS_MAX });

/** For `matches()`; the library's own compiles the pattern at each evaluation, which costs more than the match. */
function compilePattern(pattern: string): RE2JS {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = RE2JS.compile(pattern);
    patterns.set(pattern, compiled);
  }
  return compiled;
}

const env: CelEnv = celEnv({
  re2: { compile: compilePattern },
  funcs: [
    celMethod('glob', CelScalar.STRING, [CelScalar.STRING], CelScalar.BOOL, function (pattern) {
      return matchesGlob(this, pattern);
    }),
  ],
});

/** Variables that depend on actor, target and their relation alone. */
const ABOUT_PROCESSES = new Set([
  'actor',
  'target',
  'self_access',
  'target_is_descendant',
  'cross_container',
]);

const checker = new TypeChecker(env, VARIABLES);

/** The parser's error class is not exported: an Error with the location and the text found there. */
interface SyntaxFailure extends Error {
  readonly location: { readonly start: { readonly offset: number } };
  readonly found: string | null;
}

function isSyntaxFailure(error: unknown): error is SyntaxFailure {
  return error instanceof Error && 'location' in error && 'found' in error;
}

/** Most characters of a condition: the parser takes about a millisecond for a few hundred. */
const LENGTH_MAX = 16_384;

/** The parser, the checker and the planner recurse with each level of an expression, up to a stack overflow. */
function isTooDeep(error: unknown): error is RangeError {
  return error instanceof RangeError && /call stack/.test(error.message);
}

function parseCondition(text: string): ReturnType<typeof parse> {
  try {
    return parse(text);
  } catch (error) {
    if (!isSyntaxFailure(error)) throw error;
    const { offset } = error.location.start;
    const found = text.slice(offset, offset + 1);
    throw new ConditionError(found === '' ? 'it ends too early' : `${found} is not expected here`, offset);
  }
}

/** Constant patterns of matches(), found anywhere below an expression. */
function* patternsOf(node: unknown): Generator<{ readonly id: bigint; readonly pattern: string }> {
  if (typeof node !== 'object' || node === null) return;
  const kind = 'exprKind' in node ? (node as Expr).exprKind : undefined;
  if (kind?.case === 'callExpr' && kind.value.function === 'matches') {
    const constant = kind.value.args.at(-1)?.exprKind;
    if (constant?.case === 'constExpr' && constant.value.constantKind.case === 'stringValue')
      yield { id: (node as Expr).id, pattern: constant.value.constantKind.value };
  }
  for (const child of Object.values(node)) yield* patternsOf(child);
}

/** Names anywhere below an expression, including the variables of macros. */
function* namesOf(node: unknown): Generator<string> {
  if (typeof node !== 'object' || node === null) return;
  const kind = 'exprKind' in node ? (node as Expr).exprKind : undefined;
  if (kind?.case === 'identExpr') yield kind.value.name;
  for (const child of Object.values(node)) yield* namesOf(child);
}

function assertValid(expression: Expr): void {
  checker.assertCondition(expression);
  for (const { id, pattern } of patternsOf(expression)) {
    const result = run('"".matches(pattern)', { pattern });
    if (isCelError(result)) throw new ExpressionTypeError(`${pattern} is no RE2 pattern`, id);
  }
}

/**
 * Compile a CEL condition over {@link VARIABLES}, with `text.glob(pattern)` added to the standard functions.
 *
 * @throws {ConditionError} on a syntax error, an unknown name or field, or a wrong type.
 */
export function compileCondition(text: string): Condition {
  if (text.length > LENGTH_MAX)
    throw new ConditionError(`it has more than ${LENGTH_MAX} characters`, LENGTH_MAX);
  try {
    return compile(text);
  } catch (error) {
    throw isTooDeep(error) ? new ConditionError('it has too many levels', 0) : error;
  }
}

function compile(text: string): Condition {
  const parsed = parseCondition(text);
  try {
    assertValid(parsed.expr);
  } catch (error) {
    if (!(error instanceof ExpressionTypeError)) throw error;
    // the parser's position of an operator is that of the blanks before it
    const offset = parsed.sourceInfo?.positions[String(error.expressionId)] ?? 0;
    const blanks = /^\s*/.exec(text.slice(offset))?.[0].length ?? 0;
    throw new ConditionError(error.message, offset + blanks);
  }
  const evaluate = plan(env, parsed);
  return {
    aboutProcesses: [...namesOf(parsed.expr)].every(name => ABOUT_PROCESSES.has(name)),
    test: bindings => {
      const result = evaluate(bindings);
      if (isCelError(result)) throw result;
      return result === true;
    },
  };
}
