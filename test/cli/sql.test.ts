import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { scratch } from "../csv/support.ts";
import { abanicoHere } from "./abanico.ts";

const files = scratch();
const first = files.write("sales_1.csv", "product,quantity,price\napple,60,1.5\nfig,10,9\n");
files.write("sales_2.csv", "product,quantity,price\napple,80,1.25\npear,70,2\n");
const glob = first.replace("sales_1", "sales_*");
const revenue = `select product, sum(quantity * price) as revenue from '${glob}' where quantity > 50 group by product order by revenue desc`;

test("a query prints its rows as a table, as CSV and as JSON", async () => {
  const table = await abanicoHere(["sql", revenue, "--workers", "0"]);
  expect(table).toMatchObject({ code: 0 });
  expect(table.stdout.split("\n").map((line) => line.trim().split(/\s+/))).toEqual(
    expect.arrayContaining([
      ["product", "revenue"],
      ["apple", "190.0"],
      ["pear", "140.0"],
    ]),
  );
  const csv = await abanicoHere(["sql", revenue, "--output", "csv", "--workers", "0"]);
  expect(csv.stdout).toBe("product,revenue\napple,190.0\npear,140.0\n");
  const json = await abanicoHere(["sql", revenue, "--json", "--workers", "0", "--head", "1"]);
  expect(JSON.parse(json.stdout)).toEqual([{ product: "apple", revenue: 190 }]);
});

test("tables by name, and a query in a file", async () => {
  const path = first.replace("sales_1.csv", "query.sql");
  await writeFile(path, "-- how many\nselect count(*) as n\nfrom sales;\n");
  const ran = await abanicoHere(["sql", path, "--table", `sales=${glob}`, "--output", "csv", "--workers", "0"]);
  expect(ran).toMatchObject({ code: 0, stdout: "n\n4\n" });
});

test("--explain says what would run", async () => {
  const { code, stdout } = await abanicoHere(["sql", revenue, "--explain"]);
  expect(code).toBe(0);
  expect(stdout).toContain("quantity > 50");
  expect(stdout).toContain("partial aggregation");
});

test("a query that is wrong is an error with its place", async () => {
  const { code, stderr, stdout } = await abanicoHere(["sql", `select prodct from '${glob}'`, "--workers", "0"]);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain('SQL, line 1, column 8: there is no column "prodct".');
  expect(stderr).toContain("did you mean product?");
});

test.each([
  [["sql"], "Which query?"],
  [["sql", "select", "1"], "One query, found 2 arguments."],
  [["sql", " "], "expects a query as text"],
  [["sql", "missing.sql"], "missing.sql cannot be read"],
  [["sql", revenue, "--table", "sales"], "--table takes a name and files"],
  [["sql", revenue, "--table", "a=x.csv", "--table", "a=y.csv"], '--table names "a" twice.'],
])("%j cannot be understood", async (args, message) => {
  const { code, stderr } = await abanicoHere(args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
