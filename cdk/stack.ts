import { Stack, Tags, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { Abanico, type AbanicoProps } from "./abanico.ts";

export interface AbanicoStackProps extends StackProps {
  /** Of the construct. A function is given the stack, for props that are constructs themselves. */
  readonly abanico?: AbanicoProps | ((stack: Stack) => AbanicoProps);
}

/** A stack of nothing but Abanico: what `abanico deploy` deploys. */
export class AbanicoStack extends Stack {
  readonly abanico: Abanico;

  constructor(scope: Construct, id: string, { abanico = {}, ...props }: AbanicoStackProps = {}) {
    super(scope, id, { description: "Abanico: runs collections over Lambda functions", ...props });
    this.abanico = new Abanico(this, "Abanico", typeof abanico === "function" ? abanico(this) : abanico);
    // Dashboards take tags in some regions only.
    Tags.of(this).add("abanico", this.stackName, { excludeResourceTypes: ["AWS::CloudWatch::Dashboard"] });
  }
}
