import { RequestDurations } from './request-durations';

describe('request durations', () => {
  it('are a cumulated histogram of each method, route and status', () => {
    const durations = new RequestDurations();
    for (const seconds of [0.004, 0.005, 0.02, 7]) durations.observe('GET', '/a', 200, seconds);
    durations.observe('GET', '/a', 503, 0.3);
    durations.observe('POST', '/a', 200, 0.3);
    const lines = durations.text().split('\n');
    const bucket = (le: string, labels: string): string => `http_request_duration_seconds_bucket{le="${le}",${labels}}`;
    const good = 'method="GET",route="/a",status="200"';
    expect(lines).toEqual(expect.arrayContaining([
      '# TYPE http_request_duration_seconds histogram', `${bucket('0.005', good)} 2`, `${bucket('0.01', good)} 2`, `${bucket('0.025', good)} 3`, `${bucket('5', good)} 3`,
      `${bucket('+Inf', good)} 4`, `http_request_duration_seconds_count{${good}} 4`, `http_request_duration_seconds_sum{${good}} ${String(0.004 + 0.005 + 0.02 + 7)}`,
      'http_request_duration_seconds_count{method="GET",route="/a",status="503"} 1', 'http_request_duration_seconds_count{method="POST",route="/a",status="200"} 1',
    ]));
  });
  it('are nothing but the heading before the first answer', () => {
    expect(new RequestDurations().text().trim().split('\n')).toHaveLength(2);
  });
});
