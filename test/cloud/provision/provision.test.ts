import { type TwinProperty, twinProperties } from "@plumbline/twin/definition/properties";
import { webLine } from "@plumbline/twin/definition/web-line";
import { describe, expect, test } from "vitest";
import type { AssetAdmin, AssetPropertyState } from "../../../cloud/src/provision/assets.ts";
import { provision } from "../../../cloud/src/provision/provision.ts";

class MemoryAssets implements AssetAdmin {
  readonly models = new Map<string, readonly TwinProperty[]>();
  readonly assets = new Map<string, Map<string, AssetPropertyState>>();
  calls = 0;
  fatal = Number.POSITIVE_INFINITY;

  #step(): void {
    if (++this.calls >= this.fatal) throw new Error("killed");
  }
  async modelNamed(name: string): Promise<string | undefined> {
    return this.models.has(name) ? name : undefined;
  }
  async createModel(name: string, _about: string, properties: readonly TwinProperty[]): Promise<string> {
    this.#step();
    this.models.set(name, properties);
    return name;
  }
  async modelActive(): Promise<void> {
    this.#step();
  }
  async assetNamed(_model: string, name: string): Promise<string | undefined> {
    return this.assets.has(name) ? name : undefined;
  }
  async createAsset(model: string, name: string): Promise<string> {
    this.#step();
    const properties = this.models.get(model) ?? [];
    this.assets.set(name, new Map(properties.map((each) => [each.name, { id: each.name, unit: each.unit }])));
    return name;
  }
  async assetActive(): Promise<void> {
    this.#step();
  }
  async properties(asset: string): Promise<ReadonlyMap<string, AssetPropertyState>> {
    return this.assets.get(asset) ?? new Map();
  }
  async setAlias(asset: string, property: AssetPropertyState, alias: string): Promise<void> {
    this.#step();
    this.assets.get(asset)?.set(property.id, { ...property, alias });
  }
}

describe("provisioning", () => {
  test("gives every property of the definition its alias, and nothing on a second run", async () => {
    const admin = new MemoryAssets();
    const count = twinProperties(webLine).length;
    expect(await provision(admin, webLine, "line-7", "main")).toMatchObject({
      aliases: count,
      changed: count,
    });
    expect(await provision(admin, webLine, "line-7", "main")).toMatchObject({ aliases: count, changed: 0 });
    expect(admin.assets.get("line-7/main")?.get("measured/w3")?.alias).toBe(
      "/plumbline/line-7/main/measured/w3",
    );
  });

  test("interrupted anywhere goes on where it was", async () => {
    for (const fatal of [1, 2, 3, 4, 5, 60]) {
      const admin = new MemoryAssets();
      admin.fatal = fatal;
      await expect(provision(admin, webLine, "line-7", "main")).rejects.toThrow("killed");
      admin.fatal = Number.POSITIVE_INFINITY;
      await provision(admin, webLine, "line-7", "main");
      expect(
        [...(admin.assets.get("line-7/main")?.values() ?? [])].every(({ alias }) => alias !== undefined),
      ).toBe(true);
      expect([admin.models.size, admin.assets.size]).toEqual([1, 1]);
    }
  });

  test("says what to do when the model of this version is another one", async () => {
    const admin = new MemoryAssets();
    admin.models.set("plumbline web-line 1.0.0", twinProperties(webLine).slice(1));
    await expect(provision(admin, webLine, "line-7", "main")).rejects.toMatchObject({
      code: "MODEL_DIFFERS",
      hint: expect.stringContaining("new version"),
    });
  });
});
