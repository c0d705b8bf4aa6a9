from rest_framework.routers import SimpleRouter

from sales.api import carts, layaways, views

router = SimpleRouter()
router.register("registers", views.RegisterViewSet, basename="register")
router.register("customers", views.CustomerViewSet, basename="customer")
router.register("carts", carts.CartViewSet, basename="cart")
router.register("layaways", layaways.LayawayViewSet, basename="layaway")
router.register("sales", views.SaleViewSet, basename="sale")
router.register("refunds", views.RefundViewSet, basename="refund")

urlpatterns = router.urls
