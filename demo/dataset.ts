import { createRequire } from 'node:module';

/** A record of the data set: what the registries know about a media type. */
export interface MediaType {
  readonly source?: string;
  readonly charset?: string;
  readonly compressible?: boolean;
  readonly extensions?: readonly string[];
}

/** The smallest number of records with which the demo shows anything. */
export const DATASET_MIN_ENTRIES = 2000;

/** The media types of the package `mime-db`, one record for each, by name. */
export function loadDataset(): readonly (readonly [string, MediaType])[] {
  const loaded = createRequire(import.meta.url)('mime-db') as Record<string, MediaType>;
  return Object.entries(loaded);
}
