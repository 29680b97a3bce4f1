import { afterAll, describe, expect, test } from "vitest";
import {
  Client,
  DataFrame,
  OptionError,
  SqlError,
  fromErrorRecord,
  readCsv,
  sql,
  toErrorRecord,
} from "../../lib/index.ts";
import { scratch } from "../csv/support.ts";

const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());

const files = scratch();
const sales = readCsv(files.write("sales.csv", "product,quantity,price\napple,3,1.5\npear,4,2.5\n"));
const shops = readCsv(files.write("shops.csv", "id,quantity,town\n1,5,Oslo\n"));

/** What a query fails with. */
async function failure(text: string): Promise<SqlError> {
  try {
    await client.compute(sql(text, { sales, shops }));
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error("expected an SqlError, found none");
}

/** The error of a query as its place, message and fix. */
async function problem(text: string): Promise<string> {
  const error = await failure(text);
  const { line, column } = error.fields;
  const [first] = error.message.split("\n");
  return `${String(line)}:${String(column)} ${first.replace(/^SQL(, line \d+, column \d+)?: /, "")} | ${error.fix ?? ""}`;
}

describe("what is wrong, where, and what to do", () => {
  test.each([
    ["selec product from sales", "1:1 Expected: an SQL statement, found: selec. | "],
    ["select product\nfrom sales\nwher quantity > 1", "3:6 Expected: end of statement, found: quantity. | "],
    ["select product from sales where", "1:32 Expected: an expression, found: EOF. | "],
    ["select 'abc from sales", "1:8 Unterminated string literal. | close it with '"],
    ["select product,\n 'it''s from sales", "2:2 Unterminated string literal. | close it with '"],
    ["select \"product from sales where product = ''", '1:8 Unterminated name in quotes. | close it with "'],
    ["select 'a' /* it's * / from sales", "1:12 Unterminated comment. | close it with */."],
    ["select $$it's$$, 'a from sales", "1:18 Unterminated string literal. | "],
    ["select 1; select 2", "1:11 expected one query, found 2 statements. | "],
    ["drop table sales", "1:12 expected a query, found Drop. | begin with select or with."],
    ["select produkt from sales", '1:8 there is no column "produkt". | did you mean product?'],
    ["select product from sales where 1 = s.price", '1:37 there is no table "s" here. | tables are sales.'],
    ["select sales.pric from sales", '1:8 there is no column "sales.pric". | did you mean price?'],
    [
      "select quantity from sales, shops",
      '1:8 column "quantity" is ambiguous. | say which: sales.quantity or shops.quantity.',
    ],
    ["select * from sale", '1:15 there is no table "sale". | did you mean sales?'],
    ["select * from 'sales.xls'", "1:16 'sales.xls' has no ending that says how to read it. | "],
    [
      "select * from sales join sales on true",
      '1:15 two tables are called "sales". | give one an alias, as in t as a.',
    ],
    ["select sales.quantity from sales, sales", '1:8 two tables are called "sales". | give one an alias'],
    [
      "select quantity from (select * from sales), (select quantity from shops)",
      '1:8 column "quantity" is ambiguous. | give each query in from an alias',
    ],
    ["select a.product from (select 1 as n from sales), sales", '1:8 there is no table "a" here. | tables are sales.'],
    ["select uper(product) from sales", '1:8 there is no function "uper". | did you mean upper'],
    ["select round() from sales", "1:8 round(…) expects 1 to 2 arguments, found 0. | "],
    ["select left(product, quantity) from sales", "1:22 left(…) expects a number, a constant, as argument 2. | "],
    ["select left(product, 'a') from sales", "1:22 left(…) expects a number as argument 2, found a. | "],
    ["select product + 1 from sales", "1:8 product + 1 needs int64 or float64 or bool, found string and int64. | "],
    ["select quantity from sales where product > quantity", "1:34 product > quantity sets string against int64. | "],
    [
      "select product, sum(quantity) from sales",
      '1:8 column "product" stands neither in group by nor in an aggregate. | group by it',
    ],
    ["select * from sales group by product", '1:8 column "quantity" stands neither in group by'],
    ["select product from sales where sum(quantity) > 1", "1:33 the aggregate sum(…) cannot stand here. | use having"],
    ["select sum(sum(quantity)) from sales", "1:12 the aggregate sum(…) cannot stand here."],
    ["select product from sales order by 3", "1:36 there is no column 3 in the select list, which has 1. | "],
    [
      "select distinct product from sales order by price",
      "1:45 select distinct is ordered by columns of its select list alone.",
    ],
    ["select product from sales where rank() over () > 1", "1:33 the window function rank(…) cannot stand here."],
    ["select ntile(4) over () from sales", "1:8 ntile(…) is no window function here. | they are row_number"],
    ["select rank() over v from sales window w as ()", '1:20 there is no window "v". | '],
    ["select lag() over () from sales", "1:8 lag(…) expects 1 to 3 arguments, found 0."],
    ["select sum(product) over () from sales", "1:8 sum(product) needs int64 or float64 or bool, found string."],
    ["select product from sales limit 1 offset -2", "1:43 offset expects a whole number of at least 0. | "],
    ["select product from sales limit -1", "1:34 limit expects a whole number of at least 0. | "],
    [
      "select product from sales union select id from shops",
      '1:33 union sets "product", which is string, against int64.',
    ],
    ["select product from sales union select id, town from shops", "1:33 union sets 1 columns against 2. | "],
    ["select * from sales join shops on product = id", "1:35 string is set against int64. | cast one of them."],
    ["select * from sales s left join shops h on s.quantity < h.quantity", "1:44 A condition of a left join"],
    [
      "select product from sales where quantity in (select id, town from shops)",
      "1:33 expected a query of one column, found 2. | ",
    ],
    [
      "select product from sales where quantity > (select id from shops)",
      "1:45 A query as a value that may have more than one row is not supported.",
    ],
  ])("%s", async (text, wanted) => {
    expect(await problem(text)).toContain(wanted);
  });

  test.each([
    [
      "select sum(quantity) over (order by price range between 1 preceding and current row) from sales",
      "A frame by range at a distance",
    ],
    ["select sum(quantity) over (order by price groups 1 preceding) from sales", "A frame by groups"],
    [
      "select count(distinct product) over () from sales",
      "distinct, order by or ignore nulls in the window function count(…)",
    ],
    ["select rank() over (w order by price) from sales window w as (partition by product)", "A window that goes on"],
    ["select distinct on (product) price from sales", "distinct on (…)"],
    ["select product from sales except all select town from shops", "except all"],
    ["select product from sales intersect by name select town from shops", "intersect byname"],
    ["with recursive t as (select 1) select * from t", "with recursive"],
    ["select 1", "A query without from"],
    ["values (1)", "values in the place of a select"],
    ["select a from sales natural join shops", "A join of kind natural"],
    ["select quantity ^ 2 from sales", "The operator ^"],
    ["select product[1] from sales", 'A construct of kind "compound field access"'],
    ["select current_date from sales", "current_date, which differs from run to run,"],
    ["select string_agg(product) from sales", "The aggregate string_agg(…)"],
    ["select sum(distinct quantity) from sales", "sum(distinct …)"],
    ["select cast(product as blob) from sales", "The type"],
    ["select product from sales where product like town", "A pattern that is no constant text"],
    ["select product from sales group by cube (product)", "cube"],
    [
      "select town from shops where (select max(price) from sales where sales.quantity = shops.quantity) > 1",
      "A column of the query around this one",
    ],
    ["select town from shops where id = 1 or exists (select 1 from sales)", "exists, but as a condition of where"],
  ])("%s is not supported", async (text, what) => {
    const message = await problem(text);
    expect(message).toContain(what);
    expect(message).toContain("is not supported.");
  });
});

test("the line is shown with a mark below the place", async () => {
  const error = await failure("select product,\n\tquantity * prize\nfrom sales");
  expect(error.message).toBe(
    [
      'SQL, line 2, column 13: there is no column "prize".',
      "   quantity * prize",
      "              ^",
      "  fix: did you mean price?",
    ].join("\n"),
  );
});

test("a mark in a long line is shown with what stands around it", async () => {
  const text = `select ${"product, ".repeat(40)}prize from sales`;
  const error = await failure(text);
  const [, line, mark] = error.message.split("\n");
  expect(line.length).toBeLessThan(130);
  expect(line.slice(mark.length - 1)).toBe("prize from sales");
});

test("what is too deep for the parser is refused before, and long lists are not", async () => {
  const many = (count: number, item: (i: number) => string, by: string) =>
    Array.from({ length: count }, (_, i) => item(i)).join(by);
  const deep = `select product from sales where ${many(3_000, (i) => `quantity = ${i}`, " or ")}`;
  expect((await failure(deep)).message).toContain("expected at most 500 operators in a query, found 5999.");
  expect((await failure(`select ${"(".repeat(5_000)}`)).message).toContain("recursion limit exceeded");
  const long = `select product from sales where quantity in (${many(5_000, String, ", ")})`;
  expect((await client.compute(sql(long, { sales }))).numRows).toBe(2);
  const most = `select product from sales where ${many(245, (i) => `quantity = ${i}`, " or ")}`;
  expect((await client.compute(sql(most, { sales }))).numRows).toBe(2);
});

test("it crosses threads whole", async () => {
  const error = await failure("select a from sales");
  const again = fromErrorRecord(toErrorRecord(error));
  expect(again).toBeInstanceOf(SqlError);
  expect(again).toMatchObject({ tag: "Sql", message: error.message, fields: error.fields });
});

test("what needs no parser to be seen is refused at once, in a description too", async () => {
  const deep = `select product from sales where ${"quantity = 1 or ".repeat(300)} true`;
  for (const text of ["select 'a from sales", 'select "a from sales', "select 1 /* from sales", deep])
    expect(() => sql(text, { sales })).toThrow(SqlError);
  for (const text of [
    "select $a$it's$a$",
    "select E'it\\'s'",
    "select `it's`",
    "select 'it''s' -- isn't",
    "select 1 /* it's */",
  ])
    expect(() => sql(text, { sales })).not.toThrow();
  const described = { ...sql("select 1 from sales", { sales }).node, text: "select 'a from sales" };
  await expect(client.compute(new DataFrame(described))).rejects.toThrow("Unterminated string literal.");
});

test("what is no text or no frame is refused at once", () => {
  expect(() => sql(7 as unknown as string)).toThrow(OptionError);
  expect(() => sql("  ")).toThrow("expects a query as text, found none");
  expect(() => sql("select 1", { sales: "sales.csv" as unknown as typeof sales })).toThrow(
    'found "sales.csv" for "sales"',
  );
});
