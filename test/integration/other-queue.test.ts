import { mkdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

function pipeline(name: string): string {
  return `
    import { definePipeline, to } from 'millrace';
    export default definePipeline({
      name: '${name}',
      source: [{ id: 1 }, { id: 2 }, { id: 3 }],
      sink: to.sqlite({ file: '${project.path('out.db')}', table: 'rows' }),
    });`;
}

it('a pipeline that runs from another directory, and so with another queue, warns that its sink has results of the first queue', async () => {
  project.write('orders.ts', pipeline('orders'));
  project.write('customers.ts', pipeline('customers'));
  expect((await project.run(['run', 'orders.ts'])).code).toBe(0);
  const customers = project.start(['run', 'customers.ts']);
  expect((await customers.ended).code).toBe(0);
  expect(customers.log.filter(({ event }) => event === 'sink.otherQueue')).toEqual([]);

  mkdirSync(project.path('home'));
  const [here, home] = ['.millrace/orders', 'home/.millrace/orders'].map((name) => project.path(name));
  const cron = project.start(['run', project.path('orders.ts'), '--consumers', '2'], { MILLRACE_STATE: home! });
  expect((await cron.ended).code).toBe(0);
  expect(cron.log.filter(({ event }) => event === 'sink.otherQueue')).toMatchObject([
    { level: 'warn', directory: here, thisDirectory: home },
  ]);
});
