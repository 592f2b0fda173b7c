import path from "node:path";
import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Runtime } from "aws-cdk-lib/aws-lambda";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { LogLevel, NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { allowUnder } from "./permissions.ts";

/** Where the sources of the cloud workspace are, seen from src/stacks and from dist/stacks alike. */
const CLOUD_SOURCES: string = path.resolve(import.meta.dirname, "../../src");
export const REPOSITORY: string = path.resolve(CLOUD_SOURCES, "../..");

export interface NodeFunctionProps {
  /** Path of the handler below cloud/src; its export is `handler`. Named, not imported: synthesis must not run it. */
  readonly entry: string;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  /** Where an event goes that failed three times. */
  readonly failures: IQueue;
  readonly reservedConcurrency: number;
}

/** A function with a role that can write its own log and nothing else; callers add what it may touch. */
export class NodeFunction extends NodejsFunction {
  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Log`, {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    super(scope, id, {
      entry: path.join(CLOUD_SOURCES, props.entry),
      handler: "handler",
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: props.timeout,
      environment: { NODE_OPTIONS: "--enable-source-maps", ...props.environment },
      role: functionRole(scope, `${id}Role`, logGroup),
      logGroup,
      reservedConcurrentExecutions: props.reservedConcurrency,
      onFailure: new SqsDestination(props.failures),
      retryAttempts: 2,
      // As long as Lambda keeps a throttled event: a burst waits for its turn instead of going to the dead letters.
      maxEventAge: Duration.hours(6),
      projectRoot: REPOSITORY,
      depsLockFilePath: path.join(REPOSITORY, "package-lock.json"),
      bundling: {
        logLevel: LogLevel.ERROR,
        format: OutputFormat.ESM,
        // The syntax that the tests ran, so that a bundle can be started on the machine that made it.
        target: "node20",
        sourceMap: true,
        // The SDK that was tested goes along; the one in the runtime changes without us.
        externalModules: [],
        mainFields: ["module", "main"],
        // Some packages inside still call require(); others import createRequire themselves, hence the unusual name.
        banner:
          'import { createRequire as plumblineRequire } from "node:module"; const require = plumblineRequire(import.meta.url);',
        esbuildArgs: { "--conditions": "source,module" },
      },
    });
  }
}

function functionRole(scope: Construct, id: string, logGroup: LogGroup): Role {
  const role = new Role(scope, id, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  const { partition, region, account } = Stack.of(scope);
  const streams = `arn:${partition}:logs:${region}:${account}:log-group:${logGroup.logGroupName}:log-stream:*`;
  const reason = "Lambda names the streams of its log itself, one for each sandbox";
  allowUnder(role, "WriteOwnLog", ["logs:CreateLogStream", "logs:PutLogEvents"], [streams], reason);
  return role;
}
