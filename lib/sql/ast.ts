/**
 * What is read of a syntax tree, as the parser gives it: each node is an object of one key, its kind. Kinds that are not here are constructs that
 * are not supported.
 */
export interface Ident {
  readonly value: string;
  readonly quote_style?: string;
}
/** Parts of a dotted name. */
export type ObjectName = readonly { readonly Identifier?: Ident }[];

export interface Kinds {
  Identifier: Ident;
  CompoundIdentifier: readonly Ident[];
  Value: ValueNode;
  TypedString: { readonly data_type: DataType; readonly value: ValueNode };
  Interval: IntervalNode;
  Nested: Expr;
  BinaryOp: { readonly left: Expr; readonly op: string | object; readonly right: Expr };
  UnaryOp: { readonly op: string; readonly expr: Expr };
  IsNull: Expr;
  IsNotNull: Expr;
  IsTrue: Expr;
  IsNotTrue: Expr;
  IsFalse: Expr;
  IsNotFalse: Expr;
  IsDistinctFrom: readonly [Expr, Expr];
  IsNotDistinctFrom: readonly [Expr, Expr];
  InList: { readonly expr: Expr; readonly list: readonly Expr[]; readonly negated: boolean };
  InSubquery: { readonly expr: Expr; readonly subquery: QueryNode; readonly negated: boolean };
  Exists: { readonly subquery: QueryNode; readonly negated: boolean };
  Subquery: QueryNode;
  Between: { readonly expr: Expr; readonly negated: boolean; readonly low: Expr; readonly high: Expr };
  Like: LikeNode;
  ILike: LikeNode;
  Case: CaseNode;
  Cast: { readonly kind: string; readonly expr: Expr; readonly data_type: DataType };
  Extract: { readonly field: TimeField; readonly expr: Expr };
  Substring: { readonly expr: Expr; readonly substring_from?: Expr; readonly substring_for?: Expr };
  Trim: {
    readonly expr: Expr;
    readonly trim_where?: string;
    readonly trim_what?: Expr;
    readonly trim_characters?: readonly Expr[];
  };
  Floor: { readonly expr: Expr };
  Ceil: { readonly expr: Expr };
  Function: FunctionCall;
}

export type Expr = { readonly [K in keyof Kinds]?: Kinds[K] };
/** A node taken apart. */
export type Variant = { readonly [K in keyof Kinds]: { readonly kind: K; readonly value: Kinds[K] } }[keyof Kinds];

/** The node's kind and what it holds. */
export function variantOf(expr: Expr): Variant {
  const [kind, value] = Object.entries(expr)[0];
  return { kind, value } as Variant; // the type says which value goes with which kind; other kinds go to `default` of a switch
}

export interface ValueNode {
  readonly value:
    | "Null"
    | {
        readonly Number?: readonly [string, boolean];
        readonly SingleQuotedString?: string;
        readonly DollarQuotedString?: { readonly value: string };
        readonly Boolean?: boolean;
      };
}

export interface IntervalNode {
  readonly value: Expr;
  readonly leading_field?: TimeField;
}

interface LikeNode {
  readonly expr: Expr;
  readonly negated: boolean;
  readonly pattern: Expr;
  readonly escape_char?: ValueNode;
}

interface CaseNode {
  readonly operand?: Expr;
  readonly conditions: readonly { readonly condition: Expr; readonly result: Expr }[];
  readonly else_result?: Expr;
}

/** A field of a time: "Year", or { Custom: name }. */
export type TimeField = string | { readonly Custom?: Ident };

export function fieldName(field: TimeField): string {
  return typeof field === "string" ? field : (field.Custom?.value ?? Object.keys(field)[0]);
}

/** "Date", or { Decimal: { PrecisionAndScale: [10, 2] } }. */
export type DataType = string | Readonly<Record<string, unknown>>;

export interface FunctionCall {
  readonly name: ObjectName;
  readonly args: "None" | { readonly List?: ArgumentList };
  readonly filter?: Expr;
  readonly over?: Over;
  readonly within_group: readonly OrderItem[];
}

interface Over {
  readonly WindowSpec?: WindowSpecNode;
  readonly NamedWindow?: Ident;
}

export interface WindowSpecNode {
  readonly window_name?: Ident;
  readonly partition_by?: readonly Expr[];
  readonly order_by?: readonly OrderItem[];
  readonly window_frame?: WindowFrame;
}

export interface WindowFrame {
  readonly units: "Rows" | "Range" | "Groups";
  readonly start_bound: FrameBound;
  readonly end_bound?: FrameBound;
}

/** Without an expression: unbounded. */
export type FrameBound = "CurrentRow" | { readonly Preceding?: Expr | null; readonly Following?: Expr | null };

export type NamedWindow = readonly [Ident, Over];

interface ArgumentList {
  readonly duplicate_treatment?: string;
  readonly args: readonly { readonly Unnamed?: "Wildcard" | { readonly Expr?: Expr } }[];
  readonly clauses: readonly object[];
}

export interface OrderItem {
  readonly expr: Expr;
  readonly options: { readonly asc?: boolean; readonly nulls_first?: boolean };
}

export interface QueryNode {
  readonly with?: { readonly recursive: boolean; readonly cte_tables: readonly Cte[] };
  readonly body: SetExpr;
  readonly order_by?: { readonly kind: { readonly Expressions?: readonly OrderItem[]; readonly All?: object } };
  readonly limit_clause?: {
    readonly LimitOffset?: {
      readonly limit?: Expr;
      readonly offset?: { readonly value: Expr };
      readonly limit_by: readonly Expr[];
    };
  };
  readonly fetch?: { readonly with_ties: boolean; readonly percent: boolean; readonly quantity?: Expr };
}

interface Cte {
  readonly alias: TableAlias;
  readonly query: QueryNode;
}

export interface SetExpr {
  readonly Select?: SelectNode;
  readonly Query?: QueryNode;
  readonly SetOperation?: {
    readonly left: SetExpr;
    readonly op: string;
    readonly set_quantifier: string;
    readonly right: SetExpr;
  };
}

export interface SelectNode {
  readonly distinct?: "Distinct" | "All" | object;
  readonly projection: readonly SelectItem[];
  readonly from: readonly TableWithJoins[];
  readonly selection?: Expr;
  readonly group_by: { readonly Expressions?: readonly [readonly Expr[], readonly unknown[]]; readonly All?: unknown };
  readonly having?: Expr;
  readonly qualify?: Expr;
  readonly top?: object;
  readonly named_window: readonly NamedWindow[];
}

export interface WildcardOptions {
  readonly opt_exclude?: { readonly Single?: ObjectName; readonly Multiple?: readonly ObjectName[] };
  readonly opt_replace?: { readonly items: readonly { readonly expr: Expr; readonly column_name: Ident }[] };
  readonly opt_rename?: object;
  readonly opt_except?: object;
  readonly opt_ilike?: object;
}

export interface SelectItem {
  readonly UnnamedExpr?: Expr;
  readonly ExprWithAlias?: { readonly expr: Expr; readonly alias: Ident };
  readonly Wildcard?: WildcardOptions;
  readonly QualifiedWildcard?: readonly [{ readonly ObjectName?: ObjectName }, WildcardOptions];
}

export interface TableAlias {
  readonly name: Ident;
  readonly columns: readonly { readonly name: Ident }[];
}

export interface TableFactor {
  readonly Table?: {
    readonly name: ObjectName;
    readonly alias?: TableAlias;
    readonly args?: { readonly args: ArgumentList["args"] };
    readonly sample?: object;
  };
  readonly Derived?: { readonly lateral: boolean; readonly subquery: QueryNode; readonly alias?: TableAlias };
  readonly NestedJoin?: { readonly table_with_joins: TableWithJoins; readonly alias?: TableAlias };
}

export interface TableWithJoins {
  readonly relation: TableFactor;
  readonly joins: readonly { readonly relation: TableFactor; readonly join_operator: JoinOperator }[];
}

export interface JoinConstraint {
  readonly On?: Expr;
  readonly Using?: readonly ObjectName[];
}
export type JoinOperator = string | Readonly<Record<string, JoinConstraint | string>>;
