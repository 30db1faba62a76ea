import { type CelEnv, CelScalar, type CelType, listType, mapType, type parse } from '@bufbuild/cel';
import type { RecordType } from './variables.ts';

const { BOOL, BYTES, DOUBLE, DYN, INT, NULL, STRING, UINT } = CelScalar;

/** A parsed expression. */
export type Expr = ReturnType<typeof parse>['expr'];

type Type = CelType | RecordType;

/** Names in scope and their types. */
type Scope = Readonly<Record<string, Type>>;

/** A type error of an expression, and the part of the expression that has it. */
export class ExpressionTypeError extends Error {
  readonly expressionId: bigint;

  constructor(message: string, expressionId: bigint) {
    super(message);
    this.name = 'ExpressionTypeError';
    this.expressionId = expressionId;
  }
}

/** A function or operator as the user writes it; the parser has names such as `_&&_` and `@in`. */
function written(name: string): string {
  return name === '@in' ? 'in' : name.replace(/^_?(.+?)_?$/, '$1').replace('_', '');
}

function nameOf(type: Type): string {
  if (type.kind === 'record') return type.name;
  if (type.kind === 'list') return `list(${nameOf(type.element)})`;
  if (type.kind === 'map') return `map(${nameOf(type.key)}, ${nameOf(type.value)})`;
  return type.name;
}

function isDynamic(type: Type): boolean {
  return type.kind === 'scalar' && type.scalar === 'dyn';
}

/** Is a value of type `given` valid where type `wanted` is required? */
function fits(given: Type, wanted: Type): boolean {
  if (isDynamic(given) || isDynamic(wanted)) return true;
  if (given.kind === 'record' || wanted.kind === 'record') return false;
  if (given.kind === 'list' && wanted.kind === 'list') return fits(given.element, wanted.element);
  if (given.kind === 'map' && wanted.kind === 'map')
    return fits(given.key, wanted.key) && fits(given.value, wanted.value);
  return given.kind === wanted.kind && given.name === wanted.name;
}

/**
 * Checks the types of a parsed CEL expression before it is ever evaluated. The library evaluates but does not check
 * (its own checker knows constants and names only), so a rule with a misspelt field would silently never match. Functions
 * and operators are read from the library's environment.
 */
export class TypeChecker {
  readonly #env: CelEnv;
  readonly #variables: Scope;

  constructor(env: CelEnv, variables: Scope) {
    this.#env = env;
    this.#variables = variables;
  }

  /** @throws {ExpressionTypeError} when a type is wrong, or the result is not a boolean. */
  assertCondition(expression: Expr): void {
    const type = this.#typeOf(expression, this.#variables);
    if (!fits(type, BOOL))
      throw new ExpressionTypeError(`the condition gives ${nameOf(type)}, not true or false`, expression.id);
  }

  #typeOf(expression: Expr | undefined, scope: Scope): Type {
    if (expression === undefined) return DYN;
    const { id, exprKind: kind } = expression;
    switch (kind.case) {
      case 'constExpr':
        return typeOfConstant(kind.value.constantKind.case);
      case 'identExpr':
        return this.#typeOfName(kind.value.name, id, scope);
      case 'selectExpr': {
        const type = this.#typeOfField(kind.value.operand, kind.value.field, id, scope);
        return kind.value.testOnly ? BOOL : type;
      }
      case 'listExpr':
        return listType(this.#commonType(kind.value.elements, scope));
      case 'structExpr': {
        const entries = kind.value.entries;
        const keys = entries.map(({ keyKind }) => (keyKind.case === 'mapKey' ? keyKind.value : undefined));
        this.#commonType(keys, scope);
        const value = this.#commonType(
          entries.map(entry => entry.value),
          scope,
        );
        return mapType(DYN, value);
      }
      case 'callExpr':
        return this.#typeOfCall(kind.value.function, kind.value.target, kind.value.args, id, scope);
      case 'comprehensionExpr':
        return this.#typeOfComprehension(kind.value, scope);
      default:
        return DYN;
    }
  }

  #typeOfName(name: string, id: bigint, scope: Scope): Type {
    const type = Object.hasOwn(scope, name) ? scope[name] : undefined;
    if (type !== undefined) return type;
    const names = Object.keys(this.#variables).join(', ');
    throw new ExpressionTypeError(`there is no ${name}; there are ${names}`, id);
  }

  #typeOfField(operand: Expr | undefined, field: string, id: bigint, scope: Scope): Type {
    const type = this.#typeOf(operand, scope);
    if (isDynamic(type)) return DYN;
    if (type.kind === 'map') return type.value;
    if (type.kind !== 'record') throw new ExpressionTypeError(`${nameOf(type)} has no field ${field}`, id);
    const found = Object.hasOwn(type.fields, field) ? type.fields[field] : undefined;
    if (found !== undefined) return found;
    const names = Object.keys(type.fields).join(', ');
    throw new ExpressionTypeError(`${type.name} has no field ${field}; it has ${names}`, id);
  }

  /** The type of an expression that must be a value and not a record such as `actor`. */
  #typeOfValue(expression: Expr | undefined, scope: Scope): CelType {
    const type = this.#typeOf(expression, scope);
    if (type.kind === 'record')
      throw new ExpressionTypeError(`${type.name} is a group, name one of its fields`, expression?.id ?? 0n);
    return type;
  }

  /** The type of all expressions if it is the same, else dyn. */
  #commonType(expressions: readonly (Expr | undefined)[], scope: Scope): CelType {
    const types = expressions.map(expression => {
      const type = this.#typeOf(expression, scope);
      if (type.kind === 'record')
        throw new ExpressionTypeError(
          `${type.name} is a group, name one of its fields`,
          expression?.id ?? 0n,
        );
      return type;
    });
    const [first] = types;
    return first !== undefined && types.every(type => nameOf(type) === nameOf(first)) ? first : DYN;
  }

  #typeOfCall(name: string, target: Expr | undefined, args: readonly Expr[], id: bigint, scope: Scope): Type {
    const types = args.map(arg => this.#typeOfValue(arg, scope));
    const [first = DYN, second = DYN, third = DYN] = types;
    switch (name) {
      case '_&&_':
      case '_||_':
        types.forEach((type, index) => {
          if (!fits(type, BOOL))
            throw new ExpressionTypeError(
              `${written(name)} joins conditions, and this is ${nameOf(type)}`,
              args[index]?.id ?? id,
            );
        });
        return BOOL;
      case '_==_':
      case '_!=_':
        if (!fits(first, second))
          throw new ExpressionTypeError(`${nameOf(first)} and ${nameOf(second)} are never equal`, id);
        return BOOL;
      case '@in':
        if (second.kind === 'list' && !fits(first, second.element))
          throw new ExpressionTypeError(`there is no ${nameOf(first)} in ${nameOf(second)}`, id);
        break;
      case '_?_:_':
        if (!fits(first, BOOL)) throw new ExpressionTypeError('?: needs a condition first', id);
        return fits(second, third) ? second : DYN;
      case '_[_]':
        if (first.kind === 'list') return first.element;
        if (first.kind === 'map') return first.value;
        if (isDynamic(first)) return DYN;
        throw new ExpressionTypeError(`${nameOf(first)} has no elements`, id);
      // the parser expands the macros all() and exists() to this
      case '@not_strictly_false':
        return BOOL;
    }
    return this.#typeOfFunction(
      name,
      target === undefined ? undefined : this.#typeOf(target, scope),
      types,
      id,
    );
  }

  #typeOfFunction(name: string, target: Type | undefined, args: readonly Type[], id: bigint): Type {
    const overloads = [...(this.#env.funcs.find(name) ?? [])];
    if (overloads.length === 0) throw new ExpressionTypeError(`there is no function ${written(name)}`, id);
    const results = overloads
      .filter(
        overload =>
          (overload.target === undefined) === (target === undefined) &&
          (overload.target === undefined || target === undefined || fits(target, overload.target)) &&
          overload.arguments.length === args.length &&
          args.every((arg, index) => fits(arg, overload.arguments[index] ?? DYN)),
      )
      .map(({ result }) => result);
    const [result] = results;
    if (result === undefined) {
      const receiver = target === undefined ? '' : ` of ${nameOf(target)}`;
      const given = args.length === 0 ? 'nothing' : args.map(nameOf).join(' and ');
      throw new ExpressionTypeError(`${written(name)}${receiver} does not take ${given}`, id);
    }
    return results.every(other => nameOf(other) === nameOf(result)) ? result : DYN;
  }

  /** The parser expands the macros all(), exists(), exists_one(), filter() and map() to a comprehension. */
  #typeOfComprehension(
    loop: Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value'],
    scope: Scope,
  ): Type {
    const range = this.#typeOf(loop.iterRange, scope);
    const item = range.kind === 'list' ? range.element : range.kind === 'map' ? range.key : undefined;
    if (item === undefined && !isDynamic(range))
      throw new ExpressionTypeError(`${nameOf(range)} has no elements`, loop.iterRange?.id ?? 0n);
    const inner = {
      ...scope,
      [loop.iterVar]: item ?? DYN,
      [loop.accuVar]: this.#typeOf(loop.accuInit, scope),
    };
    this.#typeOf(loop.loopCondition, inner);
    const accumulated = this.#typeOf(loop.loopStep, inner);
    return this.#typeOf(loop.result, { ...inner, [loop.accuVar]: accumulated });
  }
}

function typeOfConstant(constant: string | undefined): CelType {
  switch (constant) {
    case 'boolValue':
      return BOOL;
    case 'bytesValue':
      return BYTES;
    case 'doubleValue':
      return DOUBLE;
    case 'int64Value':
      return INT;
    case 'nullValue':
      return NULL;
    case 'stringValue':
      return STRING;
    case 'uint64Value':
      return UINT;
    default:
      return DYN;
  }
}
