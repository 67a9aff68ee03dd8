"""Web routes on the target: registering, resolving, building paths (documentation, section Web Routes)."""

from checking import equal, raises
from MicroWebSrv2 import (
    DELETE,
    GET,
    HEAD,
    OPTIONS,
    PATCH,
    POST,
    PUT,
    MicroWebSrv2,
    PathFromRoute,
    RegisterRoute,
    ResolveRoute,
    RouteResult,
    WebRoute,
)
from MicroWebSrv2.webRoute import allowed_methods, is_routed


def handler(microWebSrv2, request):
    """Does nothing; the checks look for it by identity."""


def handler_with_args(microWebSrv2, request, args):
    """Does nothing; the checks look for it by identity."""


def args_of(method, path):
    """Returns the arguments that a path gives, or None if there is no route."""
    found = ResolveRoute(method, path)
    return dict(found.Args) if found else None


def check_constants():
    equal((GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH), ('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'))


def check_the_decorator_registers_and_returns_the_function():
    def decorated(microWebSrv2, request):
        pass

    equal(WebRoute(GET, '/decorated', 'decoratedName')(decorated), decorated)
    found = ResolveRoute(GET, '/decorated')
    assert isinstance(found, RouteResult)
    equal(
        (found.Handler, found.Method, found.RoutePath, found.Name, found.Args),
        (decorated, 'GET', '/decorated', 'decoratedName', {}),
    )


def check_several_decorators_on_one_function():
    @WebRoute(GET, '/stack/a')
    @WebRoute(POST, '/stack/b')
    @WebRoute(GET, '/stack/<x>/c')
    def stacked(microWebSrv2, request, args=None):
        pass

    for method, path in ((GET, '/stack/a'), (POST, '/stack/b'), (GET, '/stack/1/c')):
        equal(ResolveRoute(method, path).Handler, stacked)


def check_decorated_functions_in_a_class_body():
    class Pages:
        @WebRoute(GET, '/class/static')
        def page(microWebSrv2, request):  # noqa: N805
            return 'page'

    equal(ResolveRoute(GET, '/class/static').Handler(None, None), 'page')
    equal(Pages.page(None, None), 'page')


def check_bound_methods_closures_and_callables():
    class Pages:
        def __init__(self, text):
            self.text = text

        def page(self, microWebSrv2, request):
            return self.text

        def __call__(self, microWebSrv2, request):
            return self.text + ' called'

    pages = Pages('bound')
    RegisterRoute(pages.page, GET, '/callable/bound')
    RegisterRoute(lambda microWebSrv2, request: 'lambda', GET, '/callable/lambda')
    RegisterRoute(pages, GET, '/callable/object')
    results = [ResolveRoute(GET, '/callable/' + name).Handler(None, None) for name in ('bound', 'lambda', 'object')]
    equal(results, ['bound', 'lambda', 'bound called'])


def check_arguments_by_keyword():
    RegisterRoute(handler=handler, method='GET', routePath='/keyword', name='keyword')
    equal(ResolveRoute(method='GET', path='/keyword').Name, 'keyword')
    equal(PathFromRoute(routeName='keyword', routeArgs={}), '/keyword')
    WebRoute(method='PUT', routePath='/keyword', name=None)(handler)
    equal(ResolveRoute('PUT', '/keyword').Name, None)


def check_arguments():
    RegisterRoute(handler_with_args, GET, '/users/<id>/profile/<property>', 'profile')
    found = ResolveRoute(GET, '/users/123/profile/firstname')
    equal(dict(found.Args), {'id': 123, 'property': 'firstname'})
    equal(
        (found.RoutePath, found.Handler, found.Name), ('/users/<id>/profile/<property>', handler_with_args, 'profile')
    )
    equal(args_of(GET, '/users/123/profile'), None)
    equal(args_of(GET, '/users/123/profile/'), None)
    equal(args_of(GET, '/users//profile/x'), None)
    equal(args_of(GET, '/users/1/2/profile/x'), None)
    equal(args_of(GET, '/users/1/profile/x/y'), None)
    equal(args_of(POST, '/users/1/profile/x'), None)


def check_digits_are_int_and_nothing_else_is():
    RegisterRoute(handler_with_args, GET, '/digits/<x>')
    for text, value in (
        ('0', 0),
        ('42', 42),
        ('007', '007'),
        ('00', '00'),
        ('1234567890123', 1234567890123),
        ('9' * 18, 10**18 - 1),
        ('9' * 19, '9' * 19),
        ('1' * 5000, '1' * 5000),
        ('a%2Fb', 'a/b'),
        ('-1', '-1'),
        ('+1', '+1'),
        ('1.5', '1.5'),
        ('1e3', '1e3'),
        ('1_0', '1_0'),
        ('0x1', '0x1'),
        ('a1', 'a1'),
        ('%31', 1),
        ('%20', ' '),
        ('1%20', '1 '),
        ('%D9%A3', '\u0663'),
        ('%C2%B2', '\xb2'),
    ):
        equal(args_of(GET, '/digits/' + text), {'x': value})


def check_arguments_come_in_the_order_of_the_path():
    names = ['zeta', 'alpha', 'mid', 'b', 'a', 'zz']
    RegisterRoute(handler_with_args, GET, '/order/' + '/x/'.join('<%s>' % name for name in names))
    args = ResolveRoute(GET, '/order/' + '/x/'.join('v' + name for name in names)).Args
    equal(len(args), 6)
    equal(dict(args), {name: 'v' + name for name in names})
    try:
        from collections import OrderedDict
    except ImportError:
        OrderedDict = None
    if OrderedDict:  # without, MicroPython's dict keeps no order
        equal(list(args), names)
        equal(list(args.values()), ['v' + name for name in names])
        RegisterRoute(handler_with_args, GET, '/order/<b>-<a>')
        equal(list(ResolveRoute(GET, '/order/1-x').Args.items()), [('b', 1), ('a', 'x')])


def check_values_of_a_way_that_leads_nowhere_are_no_arguments():
    RegisterRoute(handler_with_args, GET, '/ways/x<a>/<b>/end')
    RegisterRoute(handler_with_args, GET, '/ways/<c>/<d>')
    RegisterRoute(handler_with_args, GET, '/ways/<e>/<f>-<g>/other')
    equal(args_of(GET, '/ways/x1/2'), {'c': 'x1', 'd': 2})
    equal(args_of(GET, '/ways/x1/2-3/other'), {'e': 'x1', 'f': 2, 'g': 3})
    equal(args_of(GET, '/ways/x1/2/end'), {'a': 1, 'b': 2})


def check_the_most_literal_of_several_patterns_wins():
    RegisterRoute(handler_with_args, GET, '/most/<a>')
    RegisterRoute(handler_with_args, GET, '/most/x<b>')
    RegisterRoute(handler_with_args, GET, '/most/x<c>.html')
    RegisterRoute(handler_with_args, GET, '/most/y<a>/z')
    equal(args_of(GET, '/most/x1.html'), {'c': 1})
    equal(args_of(GET, '/most/x1'), {'b': 1})
    equal(args_of(GET, '/most/1'), {'a': 1})
    equal(args_of(GET, '/most/y1'), {'a': 'y1'})
    equal(args_of(GET, '/most/y1/z'), {'a': 1})
    equal(args_of(GET, '/most/1/z'), None)


def check_methods_of_a_path():
    RegisterRoute(handler, 'PURGE', '/methods/of')
    RegisterRoute(handler, GET, '/methods/of')
    RegisterRoute(handler_with_args, PUT, '/methods/<x>')
    equal(allowed_methods(b'/methods/of'), ['GET', 'HEAD', 'PURGE', 'PUT'])
    equal(allowed_methods(b'/methods/other'), ['PUT'])
    equal(allowed_methods(b'/methods/of/none'), [])
    RegisterRoute(handler, HEAD, '/methods/of')
    equal(allowed_methods(b'/methods/of'), ['GET', 'HEAD', 'PURGE', 'PUT'])
    RegisterRoute(handler_with_args, 'LINK', '/methods/<x>')
    equal([is_routed(method) for method in (b'PURGE', b'LINK', b'purge', b'UNLINK')], [True, True, False, False])


def check_names_of_arguments_belong_to_their_route():
    RegisterRoute(handler_with_args, GET, '/own/<x>/a')
    RegisterRoute(handler_with_args, GET, '/own/<y>/b')
    equal(args_of(GET, '/own/1/a'), {'x': 1})
    equal(args_of(GET, '/own/1/b'), {'y': 1})


def check_arguments_are_decoded_keep_their_case_and_take_any_character():
    RegisterRoute(handler_with_args, GET, '/any/<x>')
    for text, value in (
        ('MixedCase', 'MixedCase'),
        ('a%20b', 'a b'),
        ('a+b', 'a+b'),
        ('%C3%BC', '\xfc'),
        ('%E2%82%AC', '\u20ac'),
        ('a.b-c_d~e', 'a.b-c_d~e'),
        ("!$&'()*,;=:@", "!$&'()*,;=:@"),
        ('100%25', '100%'),
        ('%25%32%30', '%20'),
        ('a%3Fb%23', 'a?b#'),
        ('..%5C', '..\\'),
        ('%zz', '%zz'),
    ):
        equal(args_of(GET, '/any/' + text), {'x': value})


def check_literal_text_is_literal():
    RegisterRoute(handler, GET, '/lit.eral')
    RegisterRoute(handler, GET, '/lit(a|b)*')
    RegisterRoute(handler_with_args, GET, '/li.t/<x>.html')
    equal(bool(ResolveRoute(GET, '/lit.eral')), True)
    equal(ResolveRoute(GET, '/litXeral'), None)
    equal(bool(ResolveRoute(GET, '/lit(a|b)*')), True)
    equal(ResolveRoute(GET, '/lita'), None)
    equal(args_of(GET, '/li.t/a.html'), {'x': 'a'})
    equal(args_of(GET, '/liXt/a.html'), None)
    equal(args_of(GET, '/li.t/aXhtml'), None)
    equal(args_of(GET, '/li.t/a.b.html'), {'x': 'a.b'})


def check_text_around_an_argument():
    RegisterRoute(handler_with_args, GET, '/around/v<major>.<minor>-end')
    equal(args_of(GET, '/around/v1.2-end'), {'major': 1, 'minor': 2})
    equal(args_of(GET, '/around/V1.2-END'), {'major': 1, 'minor': 2})
    equal(args_of(GET, '/around/1.2-end'), None)
    equal(args_of(GET, '/around/v1.2'), None)
    equal(args_of(GET, '/around/v.-end'), None)
    equal(args_of(GET, '/around/v1.-end'), None)
    equal(args_of(GET, '/around/v.2-end'), None)
    equal(args_of(GET, '/around/v1.2.3-end'), {'major': 1, 'minor': '2.3'})
    equal(args_of(GET, '/around/-end'), None)
    equal(args_of(GET, '/around/v%C4%B0%C4%B0.x-End'), {'major': '\u0130\u0130', 'minor': 'x'})


def check_the_route_with_more_text_around_its_arguments_wins():
    for path in ('/more/v<a>', '/more/version<b>', '/more/<a>-<b>-<c>'):
        RegisterRoute(handler_with_args, GET, path)
    equal(args_of(GET, '/more/version5'), {'b': 5})
    equal(args_of(GET, '/more/version5-6-7'), {'b': '5-6-7'})
    equal(args_of(GET, '/more/1-2-3'), {'a': 1, 'b': 2, 'c': 3})
    RegisterRoute(handler_with_args, GET, '/less/<a>-<b>-<c>')
    RegisterRoute(handler_with_args, GET, '/less/abc<d>')
    equal(args_of(GET, '/less/abc-1-2'), {'d': '-1-2'})


def check_the_methods_of_a_path_are_in_order():
    for method in (PUT, GET, 'PROPFIND', DELETE, PATCH, POST, OPTIONS):
        RegisterRoute(handler, method, '/methods')
    wanted = [DELETE, GET, HEAD, OPTIONS, PATCH, POST, 'PROPFIND', PUT]
    equal(allowed_methods(b'/methods'), wanted)


def check_paths_are_case_insensitive_and_a_trailing_slash_is_ignored():
    RegisterRoute(handler, GET, '/Mixed/Case/')
    RegisterRoute(handler_with_args, GET, '/Mixed/<x>/Tail/')
    for path in ('/Mixed/Case/', '/mixed/case', '/MIXED/CASE/', '/Mixed/Case'):
        assert ResolveRoute(GET, path), path
    for path in ('/mixed/Value/tail', '/MIXED/Value/TAIL/', '/Mixed/Value/Tail/'):
        equal(args_of(GET, path), {'x': 'Value'})
    equal(ResolveRoute(GET, '/mixed/case//'), None)


def check_paths_are_compared_decoded():
    RegisterRoute(handler, GET, '/sp ace/\xfc')
    assert ResolveRoute(GET, '/sp%20ace/%C3%BC')
    assert ResolveRoute(GET, '/%73p%20ace/%c3%bc')


def check_the_root():
    RegisterRoute(handler, DELETE, '/')
    assert ResolveRoute(DELETE, '/')
    equal(ResolveRoute(DELETE, '/x'), None)


def check_a_literal_route_wins_over_arguments():
    RegisterRoute(handler_with_args, GET, '/win/<x>')
    RegisterRoute(handler, GET, '/win/literal')
    RegisterRoute(handler_with_args, GET, '/win/<x>/tail')
    RegisterRoute(handler_with_args, GET, '/win/literal/<y>')
    equal(ResolveRoute(GET, '/win/literal').RoutePath, '/win/literal')
    equal(ResolveRoute(GET, '/win/other').RoutePath, '/win/<x>')
    equal(ResolveRoute(GET, '/win/literal/a').RoutePath, '/win/literal/<y>')
    equal(ResolveRoute(GET, '/win/other/tail').RoutePath, '/win/<x>/tail')
    equal(ResolveRoute(GET, '/win/other/a'), None)


def check_a_literal_segment_that_leads_nowhere_does_not_hide_an_argument():
    RegisterRoute(handler_with_args, GET, '/back/literal/<y>/end')
    RegisterRoute(handler_with_args, GET, '/back/<x>/other/end')
    equal(args_of(GET, '/back/literal/other/end'), {'y': 'other'})
    equal(args_of(GET, '/back/literal/1/end'), {'y': 1})
    RegisterRoute(handler_with_args, GET, '/back2/literal/<y>/one')
    RegisterRoute(handler_with_args, GET, '/back2/<x>/<z>/two')
    equal(args_of(GET, '/back2/literal/a/two'), {'x': 'literal', 'z': 'a'})


def check_registering_again_replaces():
    RegisterRoute(handler, GET, '/again')
    RegisterRoute(handler_with_args, GET, '/again')
    equal(ResolveRoute(GET, '/again').Handler, handler_with_args)


def check_methods_are_strings_in_any_case():
    RegisterRoute(handler, 'propfind', '/methods')
    equal(ResolveRoute('PROPFIND', '/methods').Method, 'PROPFIND')


def check_wrong_arguments_of_register_route():
    for arguments, name in (
        ((None, GET, '/x'), 'handler'),
        (('x', GET, '/x'), 'handler'),
        ((handler, '', '/x'), 'method'),
        ((handler, None, '/x'), 'method'),
        ((handler, 1, '/x'), 'method'),
        ((handler, GET, ''), 'routePath'),
        ((handler, GET, None), 'routePath'),
        ((handler, GET, 'x'), 'routePath'),
        ((handler, GET, b'/x'), 'routePath'),
        ((handler, GET, '/x', 1), 'name'),
    ):
        error = raises(ValueError, RegisterRoute, *arguments)
        assert name in str(error), error
    for path in ('/<>', '/<a', '/<a>/<a>', '/<a><b>'):
        assert path in str(raises(ValueError, RegisterRoute, handler, GET, path))


def check_resolve_route_gives_none_for_what_is_no_path():
    for method, path in (('', '/x'), (GET, ''), (None, '/x'), (GET, None), (1, 2), ('NOPE', '/keyword')):
        equal(ResolveRoute(method, path), None)


def check_path_from_route():
    RegisterRoute(handler, GET, '/Named/Page.html', 'literalName')
    RegisterRoute(handler_with_args, GET, '/named/<a>/x<b>.html', 'argsName')
    equal(PathFromRoute('literalName'), '/Named/Page.html')
    equal(PathFromRoute('argsName', {'a': 1, 'b': 'two'}), '/named/1/xtwo.html')
    equal(
        PathFromRoute('argsName', {'a': 'a b+c/d?e#f%', 'b': '\xfc\u20ac'}),
        '/named/a%20b%2Bc%2Fd%3Fe%23f%25/x%C3%BC%E2%82%AC.html',
    )
    equal(PathFromRoute('argsName', {'a': 0, 'b': 'x', 'more': 1}), '/named/0/xx.html')


def check_path_from_route_and_back():
    RegisterRoute(handler_with_args, GET, '/round/<a>/trip', 'roundTrip')
    for value in ('a b', '+', '%', '%20', '?', '#', '\xfc', '&=;', '\u20ac', '..', '"<>"', "'", '\\', 'A', 5):
        equal(args_of(GET, PathFromRoute('roundTrip', {'a': value})), {'a': value})


def check_wrong_arguments_of_path_from_route():
    RegisterRoute(handler_with_args, GET, '/needs/<a>/<b>', 'needs')
    for arguments in (
        ('',),
        (None,),
        ('isNotThere',),
        ('needs',),
        ('needs', {'a': 1}),
        ('needs', None),
        ('needs', {'a': 1, 'b': ''}),
    ):
        raises(ValueError, PathFromRoute, *arguments)
    assert 'isNotThere' in str(raises(ValueError, PathFromRoute, 'isNotThere'))
    assert '"b"' in str(raises(ValueError, PathFromRoute, 'needs', {'a': 1}))


def check_a_look_up_does_not_depend_on_the_number_of_routes():
    """Counts the calls that a look-up makes: as many with 5 routes as with 500."""
    import sys

    if not hasattr(sys, 'setprofile'):
        return

    def calls(path):
        count = [0]

        def profile(frame, event, arg):
            count[0] += 1

        sys.setprofile(profile)
        found = ResolveRoute('COUNT', path)
        sys.setprofile(None)
        assert found, path
        return count[0]

    paths = ('/count/3', '/count/3/value/tail', '/count/3/value')
    for first, last in ((0, 5), (5, 500)):
        for i in range(first, last):
            RegisterRoute(handler, 'COUNT', '/count/%d' % i)
            RegisterRoute(handler_with_args, 'COUNT', '/count/%d/<a>' % i)
            RegisterRoute(handler_with_args, 'COUNT', '/count/%d/<a>/tail' % i)
        counts = [calls(path) for path in paths]
        if first == 0:
            few = counts
    equal(counts, few)
    equal(calls('/count/499/value/tail'), few[1])


def check_kinds_of_arguments():
    for path in ('/kind/<n:int>/a', '/kind/<int:n>/b', '/kind/<n:str>/c', '/kind/v<a:int>.<b>-<c:str>'):
        RegisterRoute(handler_with_args, GET, path)
    for way in 'ab':
        equal(args_of(GET, '/kind/42/' + way), {'n': 42})
        equal(args_of(GET, '/kind/007/' + way), {'n': 7})
        for text in ('x', '-1', '1.5', '%D9%A3', '1' * 19, '%20', '1%20'):
            equal(args_of(GET, '/kind/%s/%s' % (text, way)), None)
    equal(args_of(GET, '/kind/42/c'), {'n': '42'})
    equal(args_of(GET, '/kind/None/c'), {'n': 'None'})
    equal(args_of(GET, '/kind/V1.2-3'), {'a': 1, 'b': 2, 'c': '3'})
    equal(args_of(GET, '/kind/v1.None-3'), {'a': 1, 'b': 'None', 'c': '3'})
    equal(args_of(GET, '/kind/vx.2-3'), None)


def check_numbers_are_tried_before_texts():
    RegisterRoute(handler_with_args, GET, '/either/<name>')
    RegisterRoute(handler_with_args, GET, '/either/<n:int>')
    RegisterRoute(handler_with_args, GET, '/either/<text:str>/tail')
    RegisterRoute(handler_with_args, GET, '/either/x<n:int>')
    found = [args_of(GET, '/either/' + text) for text in ('1', 'a', 'x1', 'xa')]
    equal(found, [{'n': 1}, {'name': 'a'}, {'n': 1}, {'name': 'xa'}])
    equal(args_of(GET, '/either/1/tail'), {'text': '1'})


def check_an_argument_that_takes_slashes():
    RegisterRoute(handler_with_args, GET, '/tree/<path:rest>', 'tree')
    RegisterRoute(handler_with_args, GET, '/tree/<user>/of/<rest:path>')
    for text in ('a', 'a/b.txt', 'a/', 'a//b', 'A/%C3%A9/C', '...', 'a/.b', '%20', 'x/' * 200 + 'end'):
        equal(args_of(GET, '/tree/' + text), {'rest': text.replace('%C3%A9', '\xe9').replace('%20', ' ')})
    equal(args_of(GET, '/tree/me/of/a/b'), {'user': 'me', 'rest': 'a/b'})
    equal(args_of(GET, '/tree/me/of/'), {'rest': 'me/of/'})
    equal(args_of(GET, '/tree'), None)
    equal(args_of(GET, '/tree/'), None)


def check_what_takes_slashes_never_leads_out_of_a_folder():
    RegisterRoute(handler_with_args, GET, '/below/<path:rest>')
    ways = ['..', '../a', 'a/..', 'a/../b', '.', './a', '/a', '//a', '%2Fa', '%2e%2e/a', 'a%2F..%2Fb', '..%5Ca', '%5Ca']
    for way in ways + ['a/%2E%2E', 'a%00b', 'a/./b']:
        equal(args_of(GET, '/below/' + way), None)


def check_literal_then_segments_then_what_takes_slashes():
    RegisterRoute(handler_with_args, GET, '/first/<path:rest>')
    RegisterRoute(handler_with_args, GET, '/first/deep/<path:rest>')
    RegisterRoute(handler_with_args, GET, '/first/<a>/<b>')
    RegisterRoute(handler, GET, '/first/literal/one')
    paths = [
        ResolveRoute(GET, '/first/' + text).RoutePath for text in ('literal/one', 'literal/two', 'a/b/c', 'deep/b/c')
    ]
    wanted = ['/first/literal/one', '/first/<a>/<b>', '/first/<path:rest>', '/first/deep/<path:rest>']
    equal(paths, wanted)
    equal(ResolveRoute(GET, '/first/deep/b').RoutePath, '/first/<a>/<b>')
    equal(allowed_methods(b'/first/x/y/z'), ['GET', 'HEAD'])
    RegisterRoute(handler_with_args, 'LOCK', '/first/<path:rest>')
    assert is_routed(b'LOCK')


def check_wrong_kinds():
    for path in (
        '/<n:float>',
        '/<n:>',
        '/<:int>',
        '/<a:b:int>',
        '/<path:a>/b',
        '/<path:a>/<b>',
        '/x<path:a>',
        '/<path:a>x',
        '/<a:int>/<a:str>',
        '/<a>/<path:a>',
    ):
        raises(ValueError, RegisterRoute, handler_with_args, GET, path)


def check_paths_of_routes_with_kinds():
    RegisterRoute(handler_with_args, GET, '/of/<n:int>/<s:str>/<path:rest>', 'kinds')
    equal(PathFromRoute('kinds', {'n': 5, 's': 'a/b', 'rest': 'x/y z'}), '/of/5/a%2Fb/x/y%20z')
    for wrong in ({'n': 'x'}, {'n': -1}, {'rest': '../x'}, {'rest': '/x'}, {'rest': ''}, {'s': ''}):
        args = {'n': 5, 's': 's', 'rest': 'r'}
        args.update(wrong)
        raises(ValueError, PathFromRoute, 'kinds', args)


def check_routes_of_one_server():
    first, second = MicroWebSrv2(), MicroWebSrv2()
    RegisterRoute(handler, GET, '/one/all', 'oneAll')
    first.RegisterRoute(handler_with_args, GET, '/one/<x:int>', 'oneOwn')
    equal(first.WebRoute(GET, '/one/all')(handler_with_args), handler_with_args)
    equal(first.ResolveRoute(GET, '/one/all').Handler, handler_with_args)
    equal(second.ResolveRoute(GET, '/one/all').Handler, handler)
    equal(dict(first.ResolveRoute(GET, '/one/5').Args), {'x': 5})
    equal((second.ResolveRoute(GET, '/one/5'), ResolveRoute(GET, '/one/5')), (None, None))
    equal((first.PathFromRoute('oneOwn', {'x': 1}), first.PathFromRoute('oneAll')), ('/one/1', '/one/all'))
    raises(ValueError, second.PathFromRoute, 'oneOwn', {'x': 1})
    raises(ValueError, PathFromRoute, 'oneOwn', {'x': 1})
    raises(ValueError, first.RegisterRoute, handler, GET, 'no-slash')
