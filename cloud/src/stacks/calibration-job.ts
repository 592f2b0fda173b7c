import { Duration, RemovalPolicy, Size, Stack } from "aws-cdk-lib";
import {
  Action,
  EcsFargateContainerDefinition,
  EcsJobDefinition,
  FargateComputeEnvironment,
  JobQueue,
  Reason,
  RetryStrategy,
} from "aws-cdk-lib/aws-batch";
import { DockerImageAsset, Platform } from "aws-cdk-lib/aws-ecr-assets";
import { ContainerImage, CpuArchitecture, LogDriver, OperatingSystemFamily } from "aws-cdk-lib/aws-ecs";
import { type IRole, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { CalibrationNetwork } from "./calibration-network.ts";
import { acknowledgeWildcards } from "./cdk-nag.ts";
import { REPOSITORY } from "./node-function.ts";

export interface CalibrationJobProps {
  readonly jobRole: IRole;
  readonly environment: Readonly<Record<string, string>>;
  /** vCPUs of the queue, one a job. */
  readonly jobsAtOnce: number;
}

/** The trust of a role for a container of a job. */
export const taskPrincipal = (): ServicePrincipal => new ServicePrincipal("ecs-tasks.amazonaws.com");

/** Recalibration as AWS Batch runs it: the image, the queue and the definition that the planner submits. */
export class CalibrationJob extends Construct {
  readonly queue: JobQueue;
  readonly definition: EcsJobDefinition;
  readonly executionRole: Role;

  constructor(scope: Construct, id: string, props: CalibrationJobProps) {
    super(scope, id);
    const { vpc, securityGroup } = new CalibrationNetwork(this, "Network");
    // A job resumes from its last checkpoint, so an interruption costs minutes: Spot is a third of the price.
    const compute = new FargateComputeEnvironment(this, "Compute", {
      vpc,
      vpcSubnets: { subnets: vpc.publicSubnets },
      securityGroups: [securityGroup],
      spot: true,
      maxvCpus: props.jobsAtOnce,
    });
    this.queue = new JobQueue(this, "Queue", {
      computeEnvironments: [{ computeEnvironment: compute, order: 1 }],
    });
    this.executionRole = new Role(this, "ExecutionRole", { assumedBy: taskPrincipal() });
    acknowledgeWildcards(
      this.executionRole,
      ["*"],
      "ecr:GetAuthorizationToken knows no resources; pulling itself is allowed on the image's repository alone",
    );
    this.definition = new EcsJobDefinition(this, "Definition", {
      container: this.container(props),
      timeout: Duration.minutes(30),
      retryAttempts: 3,
      retryStrategies: retries(),
    });
  }

  private container({ jobRole, environment }: CalibrationJobProps): EcsFargateContainerDefinition {
    const image = new DockerImageAsset(this, "Image", {
      directory: REPOSITORY,
      file: "cloud/Dockerfile",
      platform: Platform.LINUX_ARM64,
    });
    const logGroup = new LogGroup(this, "Log", {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    return new EcsFargateContainerDefinition(this, "Container", {
      image: ContainerImage.fromDockerImageAsset(image),
      cpu: 1,
      memory: Size.gibibytes(2),
      fargateCpuArchitecture: CpuArchitecture.ARM64,
      fargateOperatingSystemFamily: OperatingSystemFamily.LINUX,
      assignPublicIp: true,
      readonlyRootFilesystem: true,
      user: "node",
      jobRole,
      executionRole: this.executionRole,
      environment: { AWS_REGION: Stack.of(this).region, ...environment },
      logging: LogDriver.awsLogs({ logGroup, streamPrefix: "recalibrate" }),
    });
  }
}

/**
 * The first rule that fits decides. A reclaimed Spot task and a failed pull are tried again; so is a crash. An exit code
 * of 64 or 65 says that the arguments or the data are wrong (sysexits.h): the same call would fail the same way.
 */
function retries(): RetryStrategy[] {
  return [
    RetryStrategy.of(Action.RETRY, Reason.custom({ onStatusReason: "Your Spot Task was interrupted*" })),
    RetryStrategy.of(Action.RETRY, Reason.CANNOT_PULL_CONTAINER),
    RetryStrategy.of(Action.EXIT, Reason.custom({ onExitCode: "64" })),
    RetryStrategy.of(Action.EXIT, Reason.custom({ onExitCode: "65" })),
    RetryStrategy.of(Action.RETRY, Reason.NON_ZERO_EXIT_CODE),
  ];
}
